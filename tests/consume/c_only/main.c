/* A C program that uses all of lemnos.h but Vulkan: exclusive or from a graph of ops by name, digits with a trainer,
 * a checkpoint, and mistakes that come back as codes and messages. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../expect.h"

int failures = 0;

static lemnos_tensor tensor(uint32_t dtype, uint32_t rank, int64_t a, int64_t b) {
  lemnos_tensor t = {sizeof t, 0, 0, 0, {0}};
  t.dtype = dtype;
  t.rank = rank;
  t.extents[0] = a;
  t.extents[1] = b;
  return t;
}

static lemnos_option number(const char* name, double value) {
  lemnos_option option = {.struct_size = sizeof option, .name = name, .value = value};
  return option;
}

static lemnos_value op2(lemnos_graph* graph, const char* name, lemnos_value a, lemnos_value b) {
  lemnos_error error = {sizeof error, 0, ""};
  const lemnos_value inputs[2] = {a, b};
  lemnos_attribute transpose = {sizeof transpose, LEMNOS_INTEGER, "transpose_b", 1, 0, NULL, 0, NULL};
  lemnos_value out = -1;
  uint32_t count = 1;
  OK(lemnos_graph_op(graph, name, inputs, b < 0 ? 1 : 2, &transpose, strcmp(name, "matmul") == 0, &out, &count,
                     &error));
  return out;
}

static void train_xor(lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_graph* graph = NULL;
  lemnos_value x, y, w1, b1, w2, b2, targets[2];
  const lemnos_tensor points = tensor(LEMNOS_F32, 2, 4, 2), results = tensor(LEMNOS_F32, 2, 4, 1);
  const lemnos_tensor hidden = tensor(LEMNOS_F32, 2, 8, 2), hidden_bias = tensor(LEMNOS_F32, 1, 8, 0);
  const lemnos_tensor last = tensor(LEMNOS_F32, 2, 1, 8), last_bias = tensor(LEMNOS_F32, 1, 1, 0);
  const float inputs[8] = {0, 0, 0, 1, 1, 0, 1, 1}, wanted[4] = {0, 1, 1, 0};
  float predicted[4] = {0}, loss_now = 1;
  OK(lemnos_graph_create(&graph, &error));
  OK(lemnos_graph_input(graph, "x", &points, &x, &error));
  OK(lemnos_graph_input(graph, "y", &results, &y, &error));
  OK(lemnos_graph_parameter(graph, "w1", &hidden, NULL, 1, &w1, &error));
  OK(lemnos_graph_parameter(graph, "b1", &hidden_bias, NULL, 2, &b1, &error));
  OK(lemnos_graph_parameter(graph, "w2", &last, NULL, 3, &w2, &error));
  OK(lemnos_graph_parameter(graph, "b2", &last_bias, NULL, 4, &b2, &error));
  lemnos_value h = op2(graph, "tanh", op2(graph, "add", op2(graph, "matmul", x, w1), b1), -1);
  lemnos_value p = op2(graph, "add", op2(graph, "matmul", h, w2), b2);
  lemnos_value loss = op2(graph, "mean", op2(graph, "square", op2(graph, "subtract", p, y), -1), -1);
  const lemnos_option lr = number("lr", .05);
  OK(lemnos_graph_minimize(graph, loss, "adam", &lr, 1, targets, &error));

  lemnos_session* session = NULL;
  lemnos_program* program = NULL;
  OK(lemnos_session_open(device, graph, &session, &error));
  const lemnos_value wants[4] = {targets[0], targets[1], loss, p};
  lemnos_program_options options = {sizeof options, 4, wants, 0};
  OK(lemnos_program_compile(session, &options, &program, &error));
  OK(lemnos_session_write(session, x, inputs, sizeof inputs, 0, &error));
  OK(lemnos_session_write(session, y, wanted, sizeof wanted, 0, &error));
  /* A handle keeps alive what it was made from. */
  lemnos_graph_destroy(graph);
  lemnos_session_destroy(session);

  CHECK(lemnos_program_run(program, 200) == LEMNOS_OK);
  lemnos_advanced advanced = {sizeof advanced, 0, 0, 0, 0, 0, 0};
  const lemnos_budget budget = {sizeof budget, 10, 1e9};
  while (advanced.total_steps < 300) CHECK(lemnos_program_advance(program, &budget, &advanced) == LEMNOS_OK);
  CHECK(lemnos_program_wait(program) == LEMNOS_OK);
  OK(lemnos_program_read(program, loss, &loss_now, sizeof loss_now, &error));
  OK(lemnos_program_read(program, p, predicted, sizeof predicted, &error));
  printf("xor: loss %g, %.3f %.3f %.3f %.3f\n", loss_now, predicted[0], predicted[1], predicted[2], predicted[3]);
  CHECK(loss_now < .01f);
  for (int i = 0; i < 4; ++i) CHECK(fabsf(predicted[i] - wanted[i]) < .25f);
  char plan[64];
  size_t length = 0;
  OK(lemnos_program_describe(program, plan, sizeof plan, &length, &error));
  CHECK(strlen(plan) < sizeof plan && length >= strlen(plan));
  lemnos_program_destroy(program);
}

static int count_calls(void* user, const lemnos_progress* progress) {
  ++*(int*)user;
  return progress->struct_size != sizeof *progress;
}

/* Two rows of zeros through a predictor; `first` is what the trainer says of such a row. */
static void predict_in_an_application(lemnos_trainer* trainer, float first) {
  lemnos_error error = {sizeof error, 0, ""};
  uint64_t count = 0;
  lemnos_predictor* predictor = NULL;
  float* room = NULL;
  const float* said = NULL;
  OK(lemnos_predictor_create(trainer, 2, &predictor, &error));
  OK(lemnos_predictor_input(predictor, 0, &room, &count, &error));
  CHECK(count == 2 * 784);
  memset(room, 0, 2 * 784 * sizeof *room);
  CHECK(lemnos_predictor_run(predictor, 2) == LEMNOS_OK);
  OK(lemnos_predictor_output(predictor, 0, &said, &count, &error));
  CHECK(count == 20 && said[0] == first && said[10] == first);
  CHECK(lemnos_predictor_run(predictor, 3) == LEMNOS_INVALID_ARGUMENT);
  CHECK(lemnos_predictor_output(predictor, 1, &said, &count, &error) == LEMNOS_OUT_OF_RANGE);
  lemnos_predictor_destroy(predictor);
}

/* A step of a trainer as a program of the caller's, which is refused once the trainer has made another. */
static void step_by_hand(lemnos_trainer* trainer, lemnos_dataset* train) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_metrics metrics = {sizeof metrics, 0, 0, 0, 0};
  lemnos_program* step = NULL;
  OK(lemnos_trainer_begin(trainer, train, 64, 1, &error));
  OK(lemnos_trainer_step(trainer, 3, &metrics, &error));
  CHECK(metrics.samples == 192);
  OK(lemnos_trainer_step_program(trainer, &step, &error));
  CHECK(lemnos_program_run(step, 2) == LEMNOS_OK);
  OK(lemnos_trainer_begin(trainer, train, 32, 1, &error)); /* makes another program */
  CHECK(lemnos_program_run(step, 1) == LEMNOS_INVALID_ARGUMENT);
  CHECK(lemnos_program_wait(step) == LEMNOS_INVALID_ARGUMENT);
  lemnos_program_destroy(step);
}

static void train_digits(lemnos_device* device, const char* checkpoint) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_dataset *train = NULL, *test = NULL;
  OK(lemnos_dataset_digits(4000, 1000, 1, &train, &test, &error));
  CHECK(lemnos_dataset_size(train) == 4000 && lemnos_dataset_size(test) == 1000);
  const lemnos_option hidden = number("out", 64), classes = number("out", 10);
  const lemnos_layer layers[] = {{sizeof layers[0], 0, "flatten", NULL},
                                 {sizeof layers[0], 1, "linear", &hidden},
                                 {sizeof layers[0], 0, "relu", NULL},
                                 {sizeof layers[0], 1, "linear", &classes}};
  const lemnos_option lr = number("lr", 2e-3);
  const lemnos_trainer_options options = {.struct_size = sizeof options,
                                          .layer_count = 4,
                                          .layers = layers,
                                          .loss = "cross_entropy",
                                          .optimizer = "adam",
                                          .optimizer_options = &lr,
                                          .optimizer_option_count = 1,
                                          .seed = 7};
  lemnos_trainer *trainer = NULL, *copy = NULL;
  OK(lemnos_trainer_create(device, &options, &trainer, &error));
  int calls = 0;
  lemnos_fit_options fit = {sizeof fit, 0, 3, 64, test, count_calls, &calls, 0};
  lemnos_metrics last = {sizeof last, 0, 0, 0, 0}, held_out = last, again = last;
  OK(lemnos_trainer_fit(trainer, train, &fit, &last, &held_out, &error));
  printf("digits: loss %.3f, accuracy %.3f, held out %.3f\n", last.loss, last.accuracy, held_out.accuracy);
  CHECK(held_out.accuracy > .85 && calls > 0);
  OK(lemnos_trainer_save(trainer, checkpoint, &error));

  OK(lemnos_trainer_create(device, &options, &copy, &error));
  OK(lemnos_trainer_load(copy, checkpoint, &error)); /* before it has seen any data */
  OK(lemnos_trainer_evaluate(copy, test, 0, &again, &error));
  CHECK(again.samples == 1000 && fabs(again.accuracy - held_out.accuracy) < 1e-9);
  float* logits = malloc(10000 * sizeof *logits);
  uint64_t count = 10000;
  OK(lemnos_trainer_predict(copy, test, 0, logits, &count, &error));
  CHECK(count == 10000);
  count = 5;
  CHECK(lemnos_trainer_predict(copy, test, 0, logits, &count, &error) == LEMNOS_OUT_OF_RANGE);
  static float pixels[2 * 784];
  const lemnos_tensor none = {sizeof none, LEMNOS_F32, 0, 0, {0}};
  const lemnos_tensor two = {sizeof two, LEMNOS_F32, 4, 0, {2, 1, 28, 28}};
  const lemnos_dataset_options bare = {sizeof bare, 0, two, none, pixels, NULL, 1, 0};
  lemnos_dataset* rows = NULL;
  OK(lemnos_dataset_create(&bare, &rows, &error));
  count = 10000;
  OK(lemnos_trainer_predict(copy, rows, 0, logits, &count, &error)); /* needs no targets */
  CHECK(count == 20 && logits[0] == logits[10]);
  CHECK(lemnos_trainer_evaluate(copy, rows, 0, &again, &error) == LEMNOS_INVALID_ARGUMENT);
  lemnos_dataset_destroy(rows);
  predict_in_an_application(copy, logits[0]);
  free(logits);
  step_by_hand(copy, train);
  lemnos_trainer_destroy(copy);
  lemnos_trainer_destroy(trainer);
  lemnos_dataset_destroy(train);
  lemnos_dataset_destroy(test);
}

/* Options of every kind: a number, a word, a number for both of a pair, a pair, and those of a loss. */
static void name_options(lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_dataset *train = NULL, *test = NULL;
  const double pair[2] = {2, 1};
  lemnos_option conv[4] = {number("out", 4), number("kernel", 3), number("stride", 0), number("weight_init.kind", 0)};
  conv[2].values = pair;
  conv[2].value_count = 2;
  conv[3].word = "he_normal";
  lemnos_option form = number("form", 0), out = number("out", 10), smoothing = number("label_smoothing", .1);
  form.word = "tanh";
  lemnos_layer layers[] = {{sizeof layers[0], 4, "conv2d", conv},
                           {sizeof layers[0], 1, "gelu", &form},
                           {sizeof layers[0], 0, "global_avg_pool2d", NULL},
                           {sizeof layers[0], 1, "linear", &out}};
  const lemnos_trainer_options options = {.struct_size = sizeof options,
                                          .layer_count = 4,
                                          .layers = layers,
                                          .loss = "cross_entropy",
                                          .optimizer = "lion",
                                          .loss_options = &smoothing,
                                          .loss_option_count = 1};
  lemnos_trainer* trainer = NULL;
  lemnos_metrics metrics = {sizeof metrics, 0, 0, 0, 0};
  OK(lemnos_dataset_digits(64, 10, 1, &train, &test, &error));
  OK(lemnos_trainer_create(device, &options, &trainer, &error));
  OK(lemnos_trainer_begin(trainer, train, 32, 1, &error));
  OK(lemnos_trainer_step(trainer, 2, &metrics, &error));
  CHECK(metrics.samples == 64 && metrics.loss > 1 && metrics.loss < 4);
  lemnos_trainer_destroy(trainer);
  lemnos_dataset_destroy(train);
  lemnos_dataset_destroy(test);

  CHECK(strstr(lemnos_layer_names(), "multi_head_attention") && strstr(lemnos_layer_names(), "random_affine"));
  CHECK(strstr(lemnos_loss_names(), "huber") && strstr(lemnos_optimizer_names(), "muon"));
  out.name = "outs";
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_NOT_FOUND);
  CHECK(strstr(error.message, "linear: no option 'outs'; there are out, bias, weight_init.kind"));
  out = number("out", 2.5);
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "'out' is 2.5, it takes whole numbers"));
  out = number("out", 10);
  form.word = "exact";
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "'form' is 'exact', it takes erf, tanh"));
  form.word = NULL;
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "'form' takes a word"));
  form.word = "erf";
  smoothing.name = "smoothing";
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_NOT_FOUND);
  CHECK(strstr(error.message, "there are label_smoothing, class_weights"));
}

/* A backend of your own, judged: here relu, once right and once not. */
static void check_another_backend(void) {
  lemnos_error error = {sizeof error, 0, ""};
  const float x[4] = {-1, 2, -3, 4};
  float y[4] = {0, 2, 0, 4};
  lemnos_content input = {sizeof input, 0, tensor(LEMNOS_F32, 2, 2, 2), x, sizeof x}, output = input;
  output.content = y;
  lemnos_foreign_result result = {sizeof result, 1, 0, 1, "relu", &input, NULL, NULL, &output, 0, 0, 0, 0, 0};
  lemnos_verdict verdict = {sizeof verdict, 0, 0, ""};
  OK(lemnos_check_foreign(&result, &verdict, &error));
  CHECK(verdict.right && verdict.worst_error == 0);
  y[3] = 5;
  OK(lemnos_check_foreign(&result, &verdict, &error));
  CHECK(!verdict.right && strstr(verdict.message, "worst at [1, 1]: got 5, reference 4") != NULL);
  NOTHING(lemnos_check_foreign(&result, NULL, &error));
}

static void make_mistakes(lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_graph* graph = NULL;
  lemnos_device* nowhere = NULL;
  OK(lemnos_graph_create(&graph, &error));
  CHECK(lemnos_device_open("no such device", &nowhere, &error) != LEMNOS_OK && nowhere == NULL);
  CHECK(strlen(error.message) > 0 && error.code != LEMNOS_OK);
  CHECK(lemnos_device_open("cpu", NULL, NULL) == LEMNOS_INVALID_ARGUMENT);

  lemnos_value a = -1, b = -1, c = -1;
  const lemnos_tensor left = tensor(LEMNOS_F32, 2, 3, 4), right = tensor(LEMNOS_F32, 2, 5, 6);
  OK(lemnos_graph_input(graph, "a", &left, &a, &error));
  OK(lemnos_graph_input(graph, "b", &right, &b, &error));
  const lemnos_value inputs[2] = {a, b}, outside[1] = {99};
  uint32_t count = 1;
  CHECK(lemnos_graph_op(graph, "matmul", inputs, 2, NULL, 0, &c, &count, &error) == LEMNOS_SHAPE_MISMATCH);
  CHECK(strncmp(error.message, "matmul", 6) == 0);
  CHECK(lemnos_graph_op(graph, "no_such_op", inputs, 2, NULL, 0, &c, &count, &error) == LEMNOS_NOT_FOUND);
  CHECK(lemnos_graph_op(graph, "relu", outside, 1, NULL, 0, &c, &count, &error) == LEMNOS_OUT_OF_RANGE);
  CHECK(lemnos_graph_op(NULL, "relu", inputs, 1, NULL, 0, &c, &count, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strstr(lemnos_op_names(), "matmul") != NULL);

  /* Structs of another version. */
  lemnos_tensor wrong = left;
  wrong.struct_size = 0;
  CHECK(lemnos_graph_input(graph, "c", &wrong, &c, &error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strstr(error.message, "struct_size") != NULL);
  struct {
    lemnos_tensor known;
    uint64_t newer;
  } future = {left, 0};
  future.known.struct_size = sizeof future;
  OK(lemnos_graph_input(graph, "d", &future.known, &c, &error));
  future.newer = 1;
  CHECK(lemnos_graph_input(graph, "e", &future.known, &c, &error) == LEMNOS_UNSUPPORTED);
  struct {
    uint32_t struct_size;
    int32_t code;
    char message[8];
  } short_error = {16, 0, ""};
  CHECK(lemnos_graph_input(graph, "a", &wrong, &c, (lemnos_error*)&short_error) == LEMNOS_INVALID_ARGUMENT);
  CHECK(strlen(short_error.message) == 7);

  const lemnos_layer strange = {sizeof strange, 0, "warp", NULL};
  lemnos_trainer_options options = {.struct_size = sizeof options, .layer_count = 1, .layers = &strange};
  lemnos_trainer* trainer = NULL;
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_NOT_FOUND);
  CHECK(strstr(error.message, "warp") != NULL && strstr(error.message, "linear") != NULL);
  options.optimizer = "adamant";
  CHECK(lemnos_trainer_create(device, &options, &trainer, &error) == LEMNOS_NOT_FOUND);
  CHECK(lemnos_program_run(NULL, 1) == LEMNOS_INVALID_ARGUMENT);
  lemnos_graph_destroy(graph);
  lemnos_graph_destroy(NULL);
}

/* Every entry point with nothing in its hands. */
static void give_nothing_to_graphs(void) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_value value = -1, targets[2];
  const lemnos_tensor shape = tensor(LEMNOS_F32, 1, 4, 0);
  lemnos_graph* graph = NULL;
  uint32_t count = 1;
  uint64_t messages = 0;
  NOTHING(lemnos_check_foreign(NULL, NULL, &error));
  NOTHING(lemnos_device_open("cpu", NULL, &error));
  NOTHING(lemnos_device_get_info(NULL, NULL, &error));
  NOTHING(lemnos_list_devices(NULL, NULL, &error));
  NOTHING(lemnos_device_validation_count(NULL, &messages, &error));
  NOTHING(lemnos_graph_create(NULL, &error));
  OK(lemnos_graph_create(&graph, &error));
  NOTHING(lemnos_graph_input(NULL, "x", &shape, &value, &error));
  NOTHING(lemnos_graph_input(graph, "x", NULL, &value, &error));
  NOTHING(lemnos_graph_constant(graph, &shape, NULL, 16, &value, &error));
  NOTHING(lemnos_graph_variable(graph, NULL, &shape, NULL, 0, &value, &error));
  NOTHING(lemnos_graph_parameter(graph, NULL, &shape, NULL, 1, &value, &error));
  NOTHING(lemnos_graph_op(graph, NULL, NULL, 0, NULL, 0, &value, &count, &error));
  NOTHING(lemnos_graph_op(graph, "relu", NULL, 1, NULL, 0, &value, &count, &error));
  NOTHING(lemnos_graph_describe(graph, 0, NULL, &error));
  NOTHING(lemnos_graph_find(graph, NULL, &value, &error));
  NOTHING(lemnos_graph_gradients(NULL, 0, NULL, 0, NULL, &error));
  NOTHING(lemnos_graph_minimize(graph, 0, "adam", NULL, 0, NULL, &error));
  CHECK(lemnos_graph_minimize(graph, 7, "adam", NULL, 0, targets, &error) == LEMNOS_OUT_OF_RANGE);
  CHECK(strlen(error.message) > 0 && lemnos_dataset_size(NULL) == 0);
  lemnos_graph_destroy(graph);
}

static void give_nothing_to_predictors(void) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_predictor* predictor = NULL;
  NOTHING(lemnos_predictor_create(NULL, 1, &predictor, &error));
  NOTHING(lemnos_predictor_input(NULL, 0, NULL, NULL, &error));
  NOTHING(lemnos_predictor_run(NULL, 1));
  NOTHING(lemnos_predictor_output(NULL, 0, NULL, NULL, &error));
}

static void give_nothing_to_runs(lemnos_device* device) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_session* session = NULL;
  lemnos_program* program = NULL;
  lemnos_trainer* trainer = NULL;
  lemnos_dataset* dataset = NULL;
  lemnos_metrics metrics = {sizeof metrics, 0, 0, 0, 0};
  const lemnos_budget budget = {sizeof budget, 1, 1e6};
  uint64_t many = 0;
  size_t length = 0;
  float four[4] = {0};
  NOTHING(lemnos_session_open(NULL, NULL, &session, &error));
  NOTHING(lemnos_session_open(device, NULL, &session, &error));
  NOTHING(lemnos_session_write(NULL, 0, four, sizeof four, 0, &error));
  NOTHING(lemnos_session_read(NULL, 0, four, sizeof four, 0, &error));
  NOTHING(lemnos_program_compile(NULL, NULL, &program, &error));
  NOTHING(lemnos_program_run(NULL, 1));
  NOTHING(lemnos_program_wait(NULL));
  NOTHING(lemnos_program_advance(NULL, &budget, NULL));
  NOTHING(lemnos_program_cancel(NULL));
  NOTHING(lemnos_program_read(NULL, 0, four, sizeof four, &error));
  NOTHING(lemnos_program_describe(NULL, NULL, 0, &length, &error));
  NOTHING(lemnos_dataset_create(NULL, &dataset, &error));
  NOTHING(lemnos_dataset_mnist(NULL, &dataset, &dataset, &error));
  NOTHING(lemnos_trainer_create(device, NULL, &trainer, &error));
  NOTHING(lemnos_trainer_fit(NULL, NULL, NULL, NULL, NULL, &error));
  NOTHING(lemnos_trainer_evaluate(NULL, NULL, 0, &metrics, &error));
  NOTHING(lemnos_trainer_predict(NULL, NULL, 0, four, &many, &error));
  NOTHING(lemnos_trainer_begin(NULL, NULL, 0, 0, &error));
  NOTHING(lemnos_trainer_step(NULL, 1, &metrics, &error));
  NOTHING(lemnos_trainer_save(NULL, "x", &error));
  NOTHING(lemnos_trainer_load(NULL, NULL, &error));
  NOTHING(lemnos_trainer_step_program(NULL, &program, &error));
  give_nothing_to_predictors();
  CHECK(session == NULL && program == NULL && trainer == NULL && dataset == NULL);
  lemnos_session_destroy(NULL);
  lemnos_program_destroy(NULL);
  lemnos_trainer_destroy(NULL);
  lemnos_dataset_destroy(NULL);
  lemnos_device_destroy(NULL);
}

int main(int argc, char** argv) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_device_info infos[8] = {{sizeof infos[0], 0, "", "", "", "", "", "", "", 0}};
  uint32_t count = 8;
  OK(lemnos_list_devices(infos, &count, &error));
  for (uint32_t i = 0; i < count && i < 8; ++i) printf("%s: %s\n", infos[i].type, infos[i].name);
  CHECK(count >= 1);
  lemnos_device* device = NULL;
  OK(lemnos_device_open(NULL, &device, &error));
  if (!device) return 1;
  OK(lemnos_device_get_info(device, &infos[0], &error));
  printf("lemnos %x on %s\n", lemnos_version(), infos[0].name);
  train_xor(device);
  name_options(device);
  train_digits(device, argc > 1 ? argv[1] : "c_only.safetensors");
  check_another_backend();
  make_mistakes(device);
  give_nothing_to_graphs();
  give_nothing_to_runs(device);
  uint64_t messages = 1;
  OK(lemnos_device_validation_count(device, &messages, &error));
  CHECK(messages == 0);
  lemnos_device_destroy(device);
  if (failures) printf("%d failures\n", failures);
  return failures != 0;
}
