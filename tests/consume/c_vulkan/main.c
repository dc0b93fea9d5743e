/* A C program with a Vulkan device of its own: Lemnos trains in its command buffer, between commands of its own, on a
 * buffer of its own; and on memory that two sessions share. */
#include <string.h>

#include "share.h"

int failures = 0;

#define VK(call) CHECK((call) == VK_SUCCESS)

typedef struct App {
  VkInstance instance;
  VkPhysicalDevice physical;
  VkDevice device;
  VkQueue queue;
  VkCommandPool pool;
  VkBuffer buffer;
  VkDeviceMemory memory;
  int locks, locked;
} App;

static void lock_queue(void* user, const lemnos_vulkan_queue* queue) {
  App* app = user;
  CHECK(queue->handle == app->queue && !app->locked);
  app->locked = 1;
  ++app->locks;
}
static void unlock_queue(void* user, const lemnos_vulkan_queue* queue) {
  (void)queue;
  ((App*)user)->locked = 0;
}

/* The application shares memory where its device can. */
static uint32_t add_sharing(VkPhysicalDevice physical, const char** extensions, uint32_t count) {
  VkExtensionProperties offered[512];
  uint32_t offered_count = 512;
  (void)vkEnumerateDeviceExtensionProperties(physical, NULL, &offered_count, offered);
  for (uint32_t i = 0; i < offered_count; ++i)
    if (strcmp(offered[i].extensionName, VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME) == 0)
      extensions[count++] = VK_KHR_EXTERNAL_MEMORY_FD_EXTENSION_NAME;
  return count;
}

/* What an application may get wrong about its own device. */
static void adopt_wrongly(const lemnos_vulkan_device* right) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_device* none = NULL;
  lemnos_vulkan_device wrong = *right;
  wrong.device = NULL;
  CHECK(lemnos_device_adopt(&wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT && none == NULL);
  wrong = *right;
  wrong.compute_queue.family = 99;
  CHECK(lemnos_device_adopt(&wrong, &none, &error) == LEMNOS_OUT_OF_RANGE && strstr(error.message, "99") != NULL);
  wrong = *right;
  wrong.enabled_features = NULL;
  CHECK(lemnos_device_adopt(&wrong, &none, &error) == LEMNOS_UNSUPPORTED);
  wrong = *right;
  wrong.unlock_queue = NULL;
  CHECK(lemnos_device_adopt(&wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT);
  wrong = *right;
  wrong.struct_size = 0;
  CHECK(lemnos_device_adopt(&wrong, &none, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(lemnos_device_adopt(NULL, &none, &error) == LEMNOS_INVALID_ARGUMENT);
}

static lemnos_device* create(App* app) {
  lemnos_error error = {sizeof error, 0, ""};
  const VkApplicationInfo about = {VK_STRUCTURE_TYPE_APPLICATION_INFO, NULL, "c", 1, "c", 1, VK_API_VERSION_1_2};
  const VkInstanceCreateInfo instance = {VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, NULL, 0, &about, 0, NULL, 0, NULL};
  VK(vkCreateInstance(&instance, NULL, &app->instance));
  uint32_t count = 1;
  (void)vkEnumeratePhysicalDevices(app->instance, &count, &app->physical);
  if (count == 0) return NULL;

  VkPhysicalDeviceSynchronization2Features sync = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SYNCHRONIZATION_2_FEATURES, NULL,
                                                   0};
  VkPhysicalDeviceVulkan12Features v12 = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES, &sync};
  VkPhysicalDeviceFeatures2 features = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, &v12};
  const char* extensions[16];
  uint32_t extension_count = 16;
  OK(lemnos_vulkan_require(app->instance, app->physical, vkGetInstanceProcAddr, VK_API_VERSION_1_2, 0, extensions,
                           &extension_count, &features, &error));
  CHECK(extension_count < 16);
  CHECK(sync.synchronization2 && v12.timelineSemaphore);
  VkPhysicalDeviceFeatures2 bare = {VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, NULL};
  uint32_t none = 0;
  CHECK(lemnos_vulkan_require(app->instance, app->physical, vkGetInstanceProcAddr, VK_API_VERSION_1_2, 0, NULL, &none,
                              &bare, &error) == LEMNOS_UNSUPPORTED);

  extension_count = add_sharing(app->physical, extensions, extension_count);
  const float priority = 1;
  const VkDeviceQueueCreateInfo queue = {VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, NULL, 0, 0, 1, &priority};
  const VkDeviceCreateInfo device = {
      VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, &features, 0, 1, &queue, 0, NULL, extension_count, extensions, NULL};
  VK(vkCreateDevice(app->physical, &device, NULL, &app->device));
  vkGetDeviceQueue(app->device, 0, 0, &app->queue);
  const VkCommandPoolCreateInfo pool = {VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, NULL, 0, 0};
  VK(vkCreateCommandPool(app->device, &pool, NULL, &app->pool));

  lemnos_vulkan_device adopted = {0};
  adopted.struct_size = sizeof adopted;
  adopted.api_version = VK_API_VERSION_1_2;
  adopted.instance = app->instance;
  adopted.physical_device = app->physical;
  adopted.device = app->device;
  adopted.get_instance_proc_addr = vkGetInstanceProcAddr;
  adopted.enabled_extensions = extensions;
  adopted.enabled_extension_count = extension_count;
  adopted.enabled_features = &features;
  adopted.compute_queue.struct_size = sizeof adopted.compute_queue;
  adopted.lock_queue = lock_queue;
  adopted.unlock_queue = unlock_queue;
  adopted.user = app;
  lemnos_device* made = NULL;
  OK(lemnos_device_adopt(&adopted, &made, &error));
  adopt_wrongly(&adopted);
  return made;
}

/* A buffer of the application's, with 256 floats. */
static void create_buffer(App* app) {
  const VkBufferCreateInfo info = {
      VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO,
      NULL,
      0,
      1024,
      VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT,
      VK_SHARING_MODE_EXCLUSIVE,
      0,
      NULL};
  VK(vkCreateBuffer(app->device, &info, NULL, &app->buffer));
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(app->device, app->buffer, &needs);
  uint32_t type = 0;
  while (!(needs.memoryTypeBits & 1u << type)) ++type;
  const VkMemoryAllocateInfo memory = {VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, NULL, needs.size, type};
  VK(vkAllocateMemory(app->device, &memory, NULL, &app->memory));
  VK(vkBindBufferMemory(app->device, app->buffer, app->memory, 0));
}

static VkCommandBuffer begin(App* app) {
  const VkCommandBufferAllocateInfo info = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, NULL, app->pool,
                                            VK_COMMAND_BUFFER_LEVEL_PRIMARY, 1};
  VkCommandBuffer commands = VK_NULL_HANDLE;
  VK(vkAllocateCommandBuffers(app->device, &info, &commands));
  const VkCommandBufferBeginInfo start = {VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO, NULL, 0, NULL};
  VK(vkBeginCommandBuffer(commands, &start));
  return commands;
}

static void submit(App* app, VkCommandBuffer commands) {
  VK(vkEndCommandBuffer(commands));
  const VkSubmitInfo info = {VK_STRUCTURE_TYPE_SUBMIT_INFO, NULL, 0, NULL, NULL, 1, &commands, 0, NULL};
  VK(vkQueueSubmit(app->queue, 1, &info, VK_NULL_HANDLE));
}

/* And about its buffers. */
static void import_wrongly(lemnos_session* session, lemnos_value x, lemnos_value w, const lemnos_vulkan_buffer* right) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_vulkan_buffer wrong = *right;
  wrong.size = 512;
  CHECK(lemnos_session_import_buffer(session, x, &wrong, &error) == LEMNOS_SHAPE_MISMATCH);
  wrong = *right;
  wrong.offset = 2;
  CHECK(lemnos_session_import_buffer(session, x, &wrong, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(lemnos_session_import_buffer(session, w, right, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(lemnos_session_import_buffer(session, 99, right, &error) == LEMNOS_OUT_OF_RANGE);
}

/* Where the weights lie, and their copy between steps. */
static void look_at_results(lemnos_session* session, lemnos_program* program, lemnos_value w) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_published published = {sizeof published, 0, {0}, 0, {0}};
  OK(lemnos_program_published(program, &published, &error));
  CHECK(published.steps == 41 && published.parameters.buffer != VK_NULL_HANDLE);
  lemnos_vulkan_buffer there = {sizeof there, 0, VK_NULL_HANDLE, 0, 0};
  OK(lemnos_session_export_buffer(session, w, &there, &error));
  CHECK(there.buffer != VK_NULL_HANDLE && there.size >= 4);
  uint64_t offset = 1;
  OK(lemnos_program_published_offset(program, w, &offset, &error));
  CHECK(offset % 4 == 0 && offset + sizeof(float) <= published.parameters.size);
  double microseconds = 0;
  OK(lemnos_program_step_microseconds(program, &microseconds, &error));
  CHECK(microseconds > 0);
}

/* w moves toward the mean of x, which the application fills in each frame. */
static void train_in_frames(App* app, lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_graph* graph = NULL;
  lemnos_session* session = NULL;
  lemnos_program* program = NULL;
  lemnos_value x, w, apart, squares, loss, targets[3];
  const lemnos_tensor desc = {sizeof desc, LEMNOS_F32, 1, 0, {256}}, one = {sizeof one, LEMNOS_F32, 1, 0, {1}};
  const float zero = 0;
  uint32_t count = 1;
  OK(lemnos_graph_create(&graph, &error));
  OK(lemnos_graph_input(graph, "x", &desc, &x, &error));
  OK(lemnos_graph_parameter(graph, "w", &one, &zero, 0, &w, &error));
  const lemnos_value both[2] = {x, w};
  OK(lemnos_graph_op(graph, "subtract", both, 2, NULL, 0, &apart, &count, &error));
  OK(lemnos_graph_op(graph, "square", &apart, 1, NULL, 0, &squares, &count, &error));
  OK(lemnos_graph_op(graph, "mean", &squares, 1, NULL, 0, &loss, &count, &error));
  const lemnos_option lr = {sizeof lr, 0, "lr", .1};
  OK(lemnos_graph_minimize(graph, loss, "sgd", &lr, 1, targets, &error));
  targets[2] = loss;
  OK(lemnos_session_open(device, graph, &session, &error));
  const lemnos_vulkan_buffer mine = {sizeof mine, 0, app->buffer, 0, 1024};
  import_wrongly(session, x, w, &mine);
  OK(lemnos_session_import_buffer(session, x, &mine, &error));
  const lemnos_program_options options = {sizeof options, 3, targets, 0};
  OK(lemnos_program_compile(session, &options, &program, &error));
  CHECK(lemnos_session_import_buffer(session, x, &mine, &error) == LEMNOS_INVALID_ARGUMENT); /* too late */
  CHECK(lemnos_program_publish(program, 0, &error) == LEMNOS_OUT_OF_RANGE);
  OK(lemnos_program_prepare(program, &error));
  OK(lemnos_program_publish(program, 2, &error));

  const lemnos_budget budget = {sizeof budget, 1, 1e9};
  const lemnos_vulkan_scope fills = {sizeof fills, 0, VK_PIPELINE_STAGE_2_ALL_TRANSFER_BIT,
                                     VK_ACCESS_2_TRANSFER_WRITE_BIT};
  for (int frame = 0; frame < 40; ++frame) {
    const VkCommandBuffer commands = begin(app);
    vkCmdFillBuffer(commands, app->buffer, 0, 1024, 0x40400000u); /* 3.0f */
    lemnos_vulkan_scope written = {sizeof written, 0, 0, 0};
    lemnos_advanced advanced = {sizeof advanced, 0, 0, 0, 0, 0, 0};
    CHECK(lemnos_program_record(program, commands, &budget, &fills, &written, &advanced) == LEMNOS_OK);
    CHECK(advanced.steps == 1 && written.stages != 0);
    const VkMemoryBarrier before_fill = {VK_STRUCTURE_TYPE_MEMORY_BARRIER, NULL, VK_ACCESS_SHADER_READ_BIT,
                                         VK_ACCESS_TRANSFER_WRITE_BIT};
    vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT, VK_PIPELINE_STAGE_TRANSFER_BIT, 0, 1,
                         &before_fill, 0, NULL, 0, NULL);
    submit(app, commands);
  }
  CHECK(lemnos_program_submit(program, &budget, NULL, 0, NULL, 0, NULL) == LEMNOS_OK);
  CHECK(lemnos_program_wait(program) == LEMNOS_OK);
  float learned = 0;
  OK(lemnos_session_read(session, w, &learned, sizeof learned, 0, &error));
  printf("w = %f, and the application's buffer holds 3\n", learned);
  CHECK(learned > 2.99f && learned < 3.01f);
  look_at_results(session, program, w);
  CHECK(lemnos_program_record(program, VK_NULL_HANDLE, &budget, NULL, NULL, NULL) == LEMNOS_INVALID_ARGUMENT);
  lemnos_program_destroy(program);
  lemnos_session_destroy(session);
  lemnos_graph_destroy(graph);
}

int main(void) {
  App app;
  memset(&app, 0, sizeof app);
  lemnos_device* device = create(&app);
  if (!device) return 1;
  create_buffer(&app);
  train_in_frames(&app, device);
  share_between_sessions(device);
  lemnos_device_destroy(device);
  CHECK(app.locks > 0 && !app.locked);
  /* What was borrowed is still ours to destroy. */
  VK(vkDeviceWaitIdle(app.device));
  vkDestroyBuffer(app.device, app.buffer, NULL);
  vkFreeMemory(app.device, app.memory, NULL);
  vkDestroyCommandPool(app.device, app.pool, NULL);
  vkDestroyDevice(app.device, NULL);
  vkDestroyInstance(app.instance, NULL);
  if (failures) printf("%d failures\n", failures);
  return failures != 0;
}
