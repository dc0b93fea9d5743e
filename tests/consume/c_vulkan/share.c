#include "share.h"

#include <string.h>
#include <unistd.h>

/* A session with one input of 256 floats. */
typedef struct Side {
  lemnos_session* session;
  lemnos_value x;
} Side;

static Side open_side(lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_graph* graph = NULL;
  Side side = {NULL, -1};
  const lemnos_tensor shape = {sizeof shape, LEMNOS_F32, 1, 0, {256}};
  OK(lemnos_graph_create(&graph, &error));
  OK(lemnos_graph_input(graph, "x", &shape, &side.x, &error));
  OK(lemnos_session_open(device, graph, &side.session, &error));
  lemnos_graph_destroy(graph);
  return side;
}

static void use(const Side* side, const lemnos_shared_buffer* buffer) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_vulkan_buffer range = {sizeof range, 0, VK_NULL_HANDLE, 0, 0};
  OK(lemnos_shared_buffer_describe(buffer, &range, &error));
  CHECK(range.buffer != VK_NULL_HANDLE && range.size == 1024);
  OK(lemnos_session_import_buffer(side->session, side->x, &range, &error));
}

/* What may be wrong with what the other side says; the descriptor stays open. */
static void open_wrongly(lemnos_session* session, const lemnos_shared_memory* right) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_shared_buffer* none = NULL;
  lemnos_shared_memory wrong = *right;
  wrong.kind = 77;
  CHECK(lemnos_shared_buffer_open(session, &wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "77") != NULL);
  wrong = *right;
  wrong.handle = -1;
  CHECK(lemnos_shared_buffer_open(session, &wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT);
  wrong = *right;
  wrong.allocation_size = 8;
  CHECK(lemnos_shared_buffer_open(session, &wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT);
  wrong = *right;
  wrong.device_uuid[3] ^= 1;
  CHECK(lemnos_shared_buffer_open(session, &wrong, &none, &error) == LEMNOS_UNSUPPORTED);
  wrong = *right;
  wrong.struct_size = 0;
  CHECK(lemnos_shared_buffer_open(session, &wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(none == NULL);
}

static void give_nothing(lemnos_session* session, const lemnos_shared_buffer* buffer) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_shared_buffer* none = NULL;
  lemnos_shared_memory small = {sizeof(uint32_t), 0, -1, 0, 0, 0, 0, {0}, {0}};
  NOTHING(lemnos_shared_buffer_create(NULL, 1024, LEMNOS_SHARE_OPAQUE_FD, &none, &error));
  NOTHING(lemnos_shared_buffer_create(session, 1024, LEMNOS_SHARE_OPAQUE_FD, NULL, &error));
  NOTHING(lemnos_shared_buffer_create(session, 0, LEMNOS_SHARE_OPAQUE_FD, &none, &error));
  NOTHING(lemnos_shared_buffer_open(session, NULL, &none, &error));
  NOTHING(lemnos_shared_buffer_describe(NULL, NULL, &error));
  NOTHING(lemnos_shared_buffer_share(buffer, NULL, &error));
  NOTHING(lemnos_shared_buffer_share(buffer, &small, &error)); /* no room for the handle */
  NOTHING(lemnos_shared_buffer_release(buffer, NULL, &error));
  NOTHING(lemnos_shared_buffer_acquire(NULL, session, &error));
  lemnos_shared_buffer_destroy(NULL);
}

void share_between_sessions(lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_shared_buffer *mine = NULL, *theirs = NULL;
  const Side here = open_side(device), there = open_side(device);
  if (lemnos_shared_buffer_create(here.session, 1024, LEMNOS_SHARE_OPAQUE_FD, &mine, &error) == LEMNOS_UNSUPPORTED) {
    printf("not shared: %s\n", error.message);
  } else {
    float written[256], read[256] = {0};
    for (int i = 0; i < 256; ++i) written[i] = (float)i;
    use(&here, mine);
    OK(lemnos_session_write(here.session, here.x, written, sizeof written, 0, &error));
    lemnos_shared_memory memory = {sizeof memory, 0, -1, 0, 0, 0, 0, {0}, {0}};
    OK(lemnos_shared_buffer_share(mine, &memory, &error));
    CHECK(memory.handle >= 0 && memory.size == 1024 && memory.kind == LEMNOS_SHARE_OPAQUE_FD);
    open_wrongly(there.session, &memory);
    give_nothing(here.session, mine);
    OK(lemnos_shared_buffer_release(mine, here.session, &error));
    OK(lemnos_shared_buffer_open(there.session, &memory, &theirs, &error));
    OK(lemnos_shared_buffer_acquire(theirs, there.session, &error));
    use(&there, theirs);
    OK(lemnos_session_read(there.session, there.x, read, sizeof read, 0, &error));
    CHECK(memcmp(read, written, sizeof read) == 0);
    CHECK(close((int)memory.handle) != 0); /* it was taken over */
    printf("shared: %zu bytes written by one session and read by the other\n", sizeof read);
  }
  lemnos_session_destroy(here.session);
  lemnos_session_destroy(there.session);
  lemnos_shared_buffer_destroy(theirs);
  lemnos_shared_buffer_destroy(mine);
}
