/** @file
 * Lemnos in C: devices, graphs, training, data, checkpoints, and steps inside an application's frame.
 *
 * - Every struct begins with struct_size, which the caller sets to sizeof(the struct). A newer library treats fields
 *   that an older caller does not have as zero. An older library refuses fields that it does not know, unless they are
 *   zero. In an array every element has the struct_size of the first one.
 * - Zero means "the default" wherever a field says so, so `= {sizeof(x)}` is a good start.
 * - Handles are opaque. Each kind of handle has a ..._destroy function; destroying NULL is allowed. A handle keeps
 *   alive the objects that it was created from, so the order of destruction does not matter.
 * - A function that can fail returns a lemnos_result and describes the failure in `error`, which may be NULL. Nothing
 * aborts, nothing throws, and there is no global state: two threads may work on two sessions.
 * - Define LEMNOS_API yourself for another calling convention. Entry points for Vulkan appear when vulkan_core.h was
 *   included before this header.
 */
#ifndef LEMNOS_H
#define LEMNOS_H

#include <stddef.h>
#include <stdint.h>

#ifndef LEMNOS_API
#if defined(__GNUC__)
#define LEMNOS_API __attribute__((visibility("default")))
#else
#define LEMNOS_API
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

/* Results ---------------------------------------------------------------------------------------------------------- */

/** The results of functions. */
typedef enum lemnos_result {
  LEMNOS_OK = 0,
  LEMNOS_INVALID_ARGUMENT = 1, /**< a value that is never valid */
  LEMNOS_SHAPE_MISMATCH = 2,   /**< operands whose shapes do not match */
  LEMNOS_OUT_OF_RANGE = 3,     /**< an index or axis past its end */
  LEMNOS_UNSUPPORTED = 4,      /**< valid, but this device or build does not support it */
  LEMNOS_NOT_FOUND = 5,        /**< a name, a file, a device */
  LEMNOS_IO = 6,               /**< the system refused to read or write */
  LEMNOS_CORRUPT_DATA = 7,     /**< a file whose content contradicts itself */
  LEMNOS_NO_DEVICE = 8,        /**< no Vulkan loader, driver or usable device */
  LEMNOS_OUT_OF_MEMORY = 9,
  LEMNOS_DEVICE_LOST = 10,
  LEMNOS_INTERNAL = 11, /**< a defect in Lemnos: please report it */
  LEMNOS_CANCELLED = 12,
  LEMNOS_RESULT_MAX = 0x7fffffff
} lemnos_result;

/** What went wrong, filled by a call that returns a code other than LEMNOS_OK. */
typedef struct lemnos_error {
  uint32_t struct_size;
  int32_t code;       /**< a lemnos_result */
  char message[1016]; /**< ends with 0; begins with the op or the file and gives both numbers */
} lemnos_error;

/** 0xMMmmpppp: major, minor, patch. */
LEMNOS_API uint32_t lemnos_version(void);
/** "shape mismatch"; never freed. */
LEMNOS_API const char* lemnos_result_name(lemnos_result result);

/* Devices ---------------------------------------------------------------------------------------------------------- */

typedef struct lemnos_device lemnos_device; /**< A device, opened. */

/** A device: what it is, and whether it can be used. */
typedef struct lemnos_device_info {
  uint32_t struct_size;
  uint32_t usable; /**< 0: see refusal */
  char type[32];   /**< "reference", "software", "integrated", "discrete", ... */
  char name[256];  /**< "llvmpipe (LLVM 15.0.6, 256 bits)"; "cpu" for the reference */
  char driver[64];
  char driver_version[128];
  char api_version[32];
  char uuid[40];
  char refusal[256];
  uint64_t memory_bytes;
} lemnos_device_info;

/** By "best", name or part of it, UUID, "luid:..", "pci:..", or "cpu" for the reference. NULL: best. */
LEMNOS_API lemnos_result lemnos_device_open(const char* selector, lemnos_device** device, lemnos_error* error);
LEMNOS_API void lemnos_device_destroy(lemnos_device* device);
/** What the device is and can do. */
LEMNOS_API lemnos_result lemnos_device_get_info(const lemnos_device* device, lemnos_device_info* info,
                                                lemnos_error* error);
/** Every device of this machine. `infos` NULL: only the count; otherwise writes at most *count, and sets *count to the
 * number of devices. infos[0].struct_size must be set. */
LEMNOS_API lemnos_result lemnos_list_devices(lemnos_device_info* infos, uint32_t* count, lemnos_error* error);
/** The number of messages of the validation layers so far, if they are enabled. */
LEMNOS_API lemnos_result lemnos_device_validation_count(const lemnos_device* device, uint64_t* count,
                                                        lemnos_error* error);

/* Graphs ----------------------------------------------------------------------------------------------------------- */

/** The types of elements. */
typedef enum lemnos_dtype {
  LEMNOS_F32 = 0,
  LEMNOS_F16 = 1,
  LEMNOS_BF16 = 2,
  LEMNOS_I32 = 3,
  LEMNOS_U32 = 4,
  LEMNOS_U8 = 5,
  LEMNOS_BOOL = 6,
  LEMNOS_DTYPE_MAX = 0x7fffffff
} lemnos_dtype;

/** A tensor's type and shape. */
typedef struct lemnos_tensor {
  uint32_t struct_size;
  uint32_t dtype; /**< a lemnos_dtype */
  uint32_t rank;  /**< at most 8; 0: a scalar */
  uint32_t reserved;
  int64_t extents[8]; /**< outermost first */
} lemnos_tensor;

/** Which field of an attribute is used. */
typedef enum lemnos_attribute_kind {
  LEMNOS_INTEGER = 0,
  LEMNOS_REAL = 1,
  LEMNOS_INTEGERS = 2,
  LEMNOS_WORD = 3,
  LEMNOS_ATTRIBUTE_KIND_MAX = 0x7fffffff
} lemnos_attribute_kind;

/** A named attribute of an op. */
typedef struct lemnos_attribute {
  uint32_t struct_size;
  uint32_t kind; /**< a lemnos_attribute_kind: which of the fields below is used */
  const char* name;
  int64_t integer;
  double real;
  const int64_t* integers;
  uint64_t integer_count;
  const char* word;
} lemnos_attribute;

/* An option by name: of an optimizer ("lr"), of a layer ("out"), of a loss ("delta"); a switch is 0 or 1. Names and
   defaults are those of the struct's fields in C++ (nn.h, augment.h, loss.h, optim.h), those of a struct within it with
   a dot: "weight_init.kind". The message for a wrong name lists all valid names. */
/** A named option of a layer, loss, optimizer or schedule. */
typedef struct lemnos_option {
  uint32_t struct_size;
  uint32_t reserved;
  const char* name;
  double value;
  const char* word; /**< for an option that takes a word ("erf"), or several with commas; otherwise NULL */
  const double*
      values; /**< for a list ({height, width} of a kernel, a shape): value_count numbers instead of `value`; */
  uint64_t value_count; /**< otherwise `value` is used for both numbers of a pair */
} lemnos_option;

typedef struct lemnos_graph lemnos_graph; /**< Values and the nodes that compute them. */
typedef int32_t lemnos_value;             /**< of one graph; -1: no value */

LEMNOS_API lemnos_result lemnos_graph_create(lemnos_graph** graph, lemnos_error* error); /**< An empty graph. */
LEMNOS_API void lemnos_graph_destroy(lemnos_graph* graph);
/** An input: the host writes it. */
LEMNOS_API lemnos_result lemnos_graph_input(lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
                                            lemnos_value* value, lemnos_error* error);
/** A constant. `content` is `bytes` bytes in its dtype. */
LEMNOS_API lemnos_result lemnos_graph_constant(lemnos_graph* graph, const lemnos_tensor* tensor, const void* content,
                                               size_t bytes, lemnos_value* value, lemnos_error* error);
/** Named state that nodes update in place. `content` NULL: zeros. */
LEMNOS_API lemnos_result lemnos_graph_variable(lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
                                               const void* content, size_t bytes, lemnos_value* value,
                                               lemnos_error* error);
/** A trained f32 tensor. `initial` has one float for each element; NULL: uniform in +-1/sqrt(the last extent), from
 * `seed`. */
LEMNOS_API lemnos_result lemnos_graph_parameter(lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
                                                const float* initial, uint64_t seed, lemnos_value* value,
                                                lemnos_error* error);
/** Adds a node of the op of that name. `outputs` has room for *output_count values; *output_count is set to the number
 * of outputs. */
LEMNOS_API lemnos_result lemnos_graph_op(lemnos_graph* graph, const char* op, const lemnos_value* inputs,
                                         uint32_t input_count, const lemnos_attribute* attributes,
                                         uint32_t attribute_count, lemnos_value* outputs, uint32_t* output_count,
                                         lemnos_error* error);
/** The names of all ops, separated by spaces; never freed. */
LEMNOS_API const char* lemnos_op_names(void);
/** Type and shape of a value. */
LEMNOS_API lemnos_result lemnos_graph_describe(const lemnos_graph* graph, lemnos_value value, lemnos_tensor* tensor,
                                               lemnos_error* error);
/** Writes -1 to *value if no value has that name. */
LEMNOS_API lemnos_result lemnos_graph_find(const lemnos_graph* graph, const char* name, lemnos_value* value,
                                           lemnos_error* error);
/** Writes d(output)/d(wrt[i]) to gradients[i], or -1 if `output` does not depend on it. `output` has one element. */
LEMNOS_API lemnos_result lemnos_graph_gradients(lemnos_graph* graph, lemnos_value output, const lemnos_value* wrt,
                                                uint32_t count, lemnos_value* gradients, lemnos_error* error);
/** Adds gradients of `loss` for every parameter, an optimizer by name ("adam", "sgd", ...) and the end of the step. A
 * training program must have the two results as targets. */
LEMNOS_API lemnos_result lemnos_graph_minimize(lemnos_graph* graph, lemnos_value loss, const char* optimizer,
                                               const lemnos_option* options, uint32_t option_count,
                                               lemnos_value targets[2], lemnos_error* error);

/* Sessions and programs -------------------------------------------------------------------------------------------- */

typedef struct lemnos_session lemnos_session; /**< A graph's state on a device. */
typedef struct lemnos_program lemnos_program; /**< A compiled part of a graph. */

/** The graph may still grow afterwards; one thread at a time for a session, its graph and its programs. */
LEMNOS_API lemnos_result lemnos_session_open(lemnos_device* device, lemnos_graph* graph, lemnos_session** session,
                                             lemnos_error* error);
LEMNOS_API void lemnos_session_destroy(lemnos_session* session);
/** Persistent values: inputs, constants, variables, parameters. Reading waits for all runs so far. */
LEMNOS_API lemnos_result lemnos_session_write(lemnos_session* session, lemnos_value value, const void* content,
                                              size_t bytes, size_t offset, lemnos_error* error);
/** `bytes` bytes of a value from byte `offset` on; waits for all runs so far. */
LEMNOS_API lemnos_result lemnos_session_read(lemnos_session* session, lemnos_value value, void* content, size_t bytes,
                                             size_t offset, lemnos_error* error);

typedef struct lemnos_program_options {
  uint32_t struct_size;
  uint32_t target_count;
  const lemnos_value* targets; /**< the values to compute */
  double segment_microseconds; /* intended duration of a segment, the smallest piece of lemnos_program_advance; 0: the
                                  default */
} lemnos_program_options;

/** Plans the targets and makes pipelines and commands. */
LEMNOS_API lemnos_result lemnos_program_compile(lemnos_session* session, const lemnos_program_options* options,
                                                lemnos_program** program, lemnos_error* error);
LEMNOS_API void lemnos_program_destroy(lemnos_program* program);
/** These four functions return only a status, and allocate nothing. */
LEMNOS_API lemnos_result lemnos_program_run(lemnos_program* program, uint32_t steps);
LEMNOS_API lemnos_result lemnos_program_wait(lemnos_program* program); /**< Waits for all runs so far. */

/** How much lemnos_program_advance may do. */
typedef struct lemnos_budget {
  uint32_t struct_size;
  uint32_t steps;      /**< return after so many finished steps; 0: as many as fit */
  double microseconds; /**< of device time */
} lemnos_budget;

/** What lemnos_program_advance did. */
typedef struct lemnos_advanced {
  uint32_t struct_size;
  uint32_t segments; /**< submitted by this call */
  uint32_t steps;    /**< whose last segment was submitted */
  uint32_t reserved;
  double microseconds;  /**< expected device time of the segments */
  double step_done;     /**< submitted part of the current step: [0, 1) */
  uint64_t total_steps; /**< since the program was compiled */
} lemnos_advanced;

/** Submits the next segments that fit and returns at once. `advanced` may be NULL. */
LEMNOS_API lemnos_result lemnos_program_advance(lemnos_program* program, const lemnos_budget* budget,
                                                lemnos_advanced* advanced);
/** Drops the current step. Nothing is lost. */
LEMNOS_API lemnos_result lemnos_program_cancel(lemnos_program* program);
/** The content of a target. */
LEMNOS_API lemnos_result lemnos_program_read(lemnos_program* program, lemnos_value value, void* content, size_t bytes,
                                             lemnos_error* error);
/** The plan as text. *length is set to the length without the final 0; at most `capacity` bytes are written. */
LEMNOS_API lemnos_result lemnos_program_describe(const lemnos_program* program, char* text, size_t capacity,
                                                 size_t* length, lemnos_error* error);

/* Checking another backend ----------------------------------------------------------------------------------------- */

/* A tensor and its content. */
/** A tensor of a case file, with its content. */
typedef struct lemnos_content {
  uint32_t struct_size;
  uint32_t reserved;
  lemnos_tensor tensor;
  const void* content; /**< NULL: none */
  uint64_t bytes;
} lemnos_content;

/* The results of another backend for an op. A result is correct if every element is within absolute + relative
 * |reference| + ulps units in the last place (all 0: bit-equal), and the normalised mean square error is at most nmse
 * if that is above 0. Half-precision results may be off by one more rounding, and their nmse limit is 1e-6 (f16) or
 * 1e-4 (bf16). `products`: each element is a sum of this many products (matmul: K) and may be off by another 2 * 2^-24
 * sqrt(products) (|A| . |B|). tests/README.md has the tolerances of Lemnos's own kernels: absolute 2e-6, relative 1e-5
 * for exp, softmax and similar ops; ulps 1, nmse 1e-11 for products. */
/** The result of another backend. */
typedef struct lemnos_foreign_result {
  uint32_t struct_size;
  uint32_t input_count;
  uint32_t attribute_count;
  uint32_t result_count;
  const char* op; /**< one of lemnos_op_names */
  const lemnos_content* inputs;
  const lemnos_attribute* attributes;
  /* NULL: `results` are all outputs of the op. Otherwise the gradient of its first output, and results[i] is the
   * gradient of inputs[i] that follows from it. A result whose content is NULL is not checked. */
  const lemnos_content* gradient;
  const lemnos_content* results;
  double absolute, relative, ulps, nmse;
  int64_t products;
} lemnos_foreign_result;

/** Whether it is right, and why not. */
typedef struct lemnos_verdict {
  uint32_t struct_size;
  uint32_t right;     /**< 1 or 0 */
  double worst_error; /**< of the worst element, divided by its tolerance; infinite if the tolerance is 0 */
  char message[1000]; /**< for a wrong result: the element, both values, ulp, NMSE, the number of wrong elements */
} lemnos_verdict;

/** Compares the results with the double-precision reference, as `lemnos check` does for a device. LEMNOS_OK with right
 * = 0: a wrong result. Any other code: a mistake in the call, for example a result of another shape or dtype. */
LEMNOS_API lemnos_result lemnos_check_foreign(const lemnos_foreign_result* result, lemnos_verdict* verdict,
                                              lemnos_error* error);

/* Data ------------------------------------------------------------------------------------------------------------- */

typedef struct lemnos_dataset lemnos_dataset; /**< Features and targets in host memory. */

typedef struct lemnos_dataset_options {
  uint32_t struct_size;
  uint32_t classes; /**< y holds class indices, i32 [N]; 0: y holds values, f32 [N, ..] */
  lemnos_tensor x;  /**< [N, ..], u8 or f32 */
  lemnos_tensor y;
  const void* x_content;
  const void* y_content; /**< NULL: no targets, which predictions do not need */
  float scale;           /**< a batch sees scale * x + shift; 0: 1 */
  float shift;
} lemnos_dataset_options;

/** Copies the content. */
LEMNOS_API lemnos_result lemnos_dataset_create(const lemnos_dataset_options* options, lemnos_dataset** dataset,
                                               lemnos_error* error);
/** MNIST or a set of the same format from its four IDX files. */
LEMNOS_API lemnos_result lemnos_dataset_mnist(const char* folder, lemnos_dataset** train, lemnos_dataset** test,
                                              lemnos_error* error);
/** The built-in drawn digits; equal on every machine for a seed. */
LEMNOS_API lemnos_result lemnos_dataset_digits(int64_t train_count, int64_t test_count, uint64_t seed,
                                               lemnos_dataset** train, lemnos_dataset** test, lemnos_error* error);
LEMNOS_API int64_t lemnos_dataset_size(const lemnos_dataset* dataset); /**< The number of rows. */
LEMNOS_API void lemnos_dataset_destroy(lemnos_dataset* dataset);

/* Training --------------------------------------------------------------------------------------------------------- */

/** A layer of a model by its kind, with options. */
typedef struct lemnos_layer {
  uint32_t struct_size;
  uint32_t option_count;
  const char*
      kind; /**< one of lemnos_layer_names: "linear" (out, bias, ..), "conv2d" (out, kernel, ..), "relu" and others */
  const lemnos_option* options;
} lemnos_layer;

/** The names of all layers, losses and optimizers, separated by spaces. */
LEMNOS_API const char* lemnos_layer_names(void);
LEMNOS_API const char* lemnos_loss_names(void); /**< The kinds of losses, separated by spaces; never freed. */
/** The kinds of optimizers, separated by spaces; never freed. */
LEMNOS_API const char* lemnos_optimizer_names(void);

typedef struct lemnos_trainer lemnos_trainer; /**< A model that learns on a device. */

typedef struct lemnos_trainer_options {
  uint32_t struct_size;
  uint32_t layer_count;
  const lemnos_layer* layers; /**< applied one after the other */
  const char* loss;           /**< by name; NULL: "cross_entropy" */
  const char* optimizer;      /**< by name; NULL: "adam" */
  const lemnos_option* optimizer_options;
  uint64_t optimizer_option_count;
  uint64_t seed;   /**< of the initial weights, the order of the data and dropout; 0: 1 */
  float clip_norm; /**< limit for the gradient norm over all parameters; 0: off */
  const lemnos_option* loss_options;
  uint64_t loss_option_count;
} lemnos_trainer_options;

/** Loss and accuracy over the rows that count. */
typedef struct lemnos_metrics {
  uint32_t struct_size;
  uint32_t reserved;
  double loss;     /**< means over the examples */
  double accuracy; /**< of class predictions */
  int64_t samples;
} lemnos_metrics;

/** Where a fit stands, for its callback. */
typedef struct lemnos_progress {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t epoch, epochs; /**< from 1 */
  int64_t step, steps;   /**< of the epoch, from 1 */
  double loss, accuracy, samples_per_second;
} lemnos_progress;

typedef struct lemnos_fit_options {
  uint32_t struct_size;
  uint32_t keep_order;              /**< 1: the examples are not shuffled */
  int64_t epochs;                   /**< 0: 1 */
  int64_t batch_size;               /**< 0: 32 */
  const lemnos_dataset* validation; /**< may be NULL */
  /* Called while an epoch runs; return 0 to go on. It must not throw or jump out. May be NULL. */
  int (*on_progress)(void* user, const lemnos_progress* progress);
  void* user;
  uint32_t print; /**< 1: a line for each epoch, or a progress bar on a terminal */
} lemnos_fit_options;

/** A trainer of these layers, loss and optimizer. */
LEMNOS_API lemnos_result lemnos_trainer_create(lemnos_device* device, const lemnos_trainer_options* options,
                                               lemnos_trainer** trainer, lemnos_error* error);
LEMNOS_API void lemnos_trainer_destroy(lemnos_trainer* trainer);
/** Trains whole epochs. `train` and `validation` (may be NULL) receive the metrics of the last one. */
LEMNOS_API lemnos_result lemnos_trainer_fit(lemnos_trainer* trainer, const lemnos_dataset* dataset,
                                            const lemnos_fit_options* options, lemnos_metrics* train,
                                            lemnos_metrics* validation, lemnos_error* error);
/** Loss and accuracy over all rows. */
LEMNOS_API lemnos_result lemnos_trainer_evaluate(lemnos_trainer* trainer, const lemnos_dataset* dataset,
                                                 int64_t batch_size, lemnos_metrics* metrics, lemnos_error* error);
/** The model's output for each row, row after row. *count is the capacity of `values` and is set to the number of
 * values. */
LEMNOS_API lemnos_result lemnos_trainer_predict(lemnos_trainer* trainer, const lemnos_dataset* dataset,
                                                int64_t batch_size, float* values, uint64_t* count,
                                                lemnos_error* error);
/** For a custom training loop: begin once, then step. */
LEMNOS_API lemnos_result lemnos_trainer_begin(lemnos_trainer* trainer, const lemnos_dataset* dataset,
                                              int64_t batch_size, int shuffle, lemnos_error* error);
/** Runs `steps` steps after lemnos_trainer_begin and returns their means. */
LEMNOS_API lemnos_result lemnos_trainer_step(lemnos_trainer* trainer, int64_t steps, lemnos_metrics* metrics,
                                             lemnos_error* error);
/** Weights, state and optimizer, as a safetensors file. */
LEMNOS_API lemnos_result lemnos_trainer_save(lemnos_trainer* trainer, const char* path, lemnos_error* error);
/** Works before any data was seen. */
LEMNOS_API lemnos_result lemnos_trainer_load(lemnos_trainer* trainer, const char* path, lemnos_error* error);
/** The program of a training step, after begin or fit, for advance and record; to be destroyed like any other program.
 * After a later begin or fit has compiled another program, calls with this one return LEMNOS_INVALID_ARGUMENT. */
LEMNOS_API lemnos_result lemnos_trainer_step_program(lemnos_trainer* trainer, lemnos_program** program,
                                                     lemnos_error* error);

/** Predictions in an application: created once for a maximum number of rows; then write, run, read. A run allocates
 * nothing. The trainer must know the shapes of its inputs: from fit, evaluate or load. */
typedef struct lemnos_predictor lemnos_predictor;

/** For up to most_rows rows a call, with the current weights of the trainer, which must outlive the predictor. */
LEMNOS_API lemnos_result lemnos_predictor_create(lemnos_trainer* trainer, int64_t most_rows,
                                                 lemnos_predictor** predictor, lemnos_error* error);
LEMNOS_API void lemnos_predictor_destroy(lemnos_predictor* predictor);
/** Space for the rows of input `index`: *count floats. Valid until the predictor is destroyed. */
LEMNOS_API lemnos_result lemnos_predictor_input(lemnos_predictor* predictor, uint32_t index, float** values,
                                                uint64_t* count, lemnos_error* error);
/** LEMNOS_INVALID_ARGUMENT for less than one row or more than most_rows. */
LEMNOS_API lemnos_result lemnos_predictor_run(lemnos_predictor* predictor, int64_t rows);
/** The rows of output `index` from the last run, valid until the next run: *count floats. Waits. */
LEMNOS_API lemnos_result lemnos_predictor_output(lemnos_predictor* predictor, uint32_t index, const float** values,
                                                 uint64_t* count, lemnos_error* error);

/* Inside an application that owns a VkDevice (the guarantees: lemnos/vulkan.h) --------------------------------------
 */

#ifdef VULKAN_CORE_H_

typedef struct lemnos_vulkan_queue {
  uint32_t struct_size;
  uint32_t family;
  uint32_t index;
  uint32_t reserved;
  VkQueue handle; /**< NULL: queried from the device */
} lemnos_vulkan_queue;

typedef struct lemnos_vulkan_device {
  uint32_t struct_size;
  uint32_t api_version; /**< the lower of the instance's and the device's; 0: Vulkan 1.2 */
  VkInstance instance;
  VkPhysicalDevice physical_device;
  VkDevice device;
  PFN_vkGetInstanceProcAddr get_instance_proc_addr;
  const char* const* enabled_extensions;
  uint64_t enabled_extension_count;
  const VkPhysicalDeviceFeatures2* enabled_features; /**< the chain that the device was created with */
  lemnos_vulkan_queue compute_queue;
  /**< All three may be NULL; they receive `user`. Called on the thread that submits. */
  void (*lock_queue)(void* user, const lemnos_vulkan_queue* queue);
  void (*unlock_queue)(void* user, const lemnos_vulkan_queue* queue);
  VkResult (*submit)(void* user, const lemnos_vulkan_queue* queue, const VkSubmitInfo2* info);
  void* user;
  VkPipelineCache pipeline_cache;
  const VkAllocationCallbacks* allocation_callbacks;
  uint64_t memory_budget;   /**< bytes; 0: no limit */
  const char* cache_folder; /**< NULL: compiled pipelines are not stored */
  /* The longest submission in ms of device time; 0: LEMNOS_SUBMISSION_MS, or 250; infinity: no limit. */
  double longest_submission_ms;
} lemnos_vulkan_device;

typedef struct lemnos_vulkan_buffer {
  uint32_t struct_size;
  uint32_t reserved;
  VkBuffer buffer;
  VkDeviceSize offset;
  VkDeviceSize size;
} lemnos_vulkan_buffer;

typedef struct lemnos_vulkan_scope {
  uint32_t struct_size;
  uint32_t reserved;
  VkPipelineStageFlags2 stages;
  VkAccessFlags2 accesses;
} lemnos_vulkan_scope;

typedef struct lemnos_vulkan_semaphore {
  uint32_t struct_size;
  uint32_t reserved;
  VkSemaphore semaphore;
  uint64_t value; /**< 0 for a binary one */
} lemnos_vulkan_semaphore;

typedef struct lemnos_published {
  uint32_t struct_size;
  uint32_t reserved;
  lemnos_vulkan_buffer parameters;
  uint64_t steps;
  lemnos_vulkan_semaphore ready;
} lemnos_published;

/** The requirements of a device, before it is created: writes at most *count extension names, sets *count, and enables
 * the features in `features` (the application's chain, which has the structures for timelineSemaphore and
 * synchronization2). LEMNOS_UNSUPPORTED with the reason for a device that cannot be used. */
LEMNOS_API lemnos_result lemnos_vulkan_require(VkInstance instance, VkPhysicalDevice physical_device,
                                               PFN_vkGetInstanceProcAddr get_instance_proc_addr, uint32_t api_version,
                                               int optional, const char** extensions, uint32_t* count,
                                               VkPhysicalDeviceFeatures2* features, lemnos_error* error);
LEMNOS_API lemnos_result lemnos_device_adopt(const lemnos_vulkan_device* vulkan, lemnos_device** device,
                                             lemnos_error* error);
LEMNOS_API lemnos_result lemnos_session_import_buffer(lemnos_session* session, lemnos_value value,
                                                      const lemnos_vulkan_buffer* buffer, lemnos_error* error);
LEMNOS_API lemnos_result lemnos_session_export_buffer(lemnos_session* session, lemnos_value value,
                                                      lemnos_vulkan_buffer* buffer, lemnos_error* error);
/** Prepares a program for record and submit, which then allocate nothing. */
LEMNOS_API lemnos_result lemnos_program_prepare(lemnos_program* program, lemnos_error* error);
/** The buffer of a target. */
LEMNOS_API lemnos_result lemnos_program_buffer(lemnos_program* program, lemnos_value value,
                                               lemnos_vulkan_buffer* buffer, lemnos_error* error);
/** Appends the next segments to a command buffer. `before` may be NULL; `written` and `advanced` too. */
LEMNOS_API lemnos_result lemnos_program_record(lemnos_program* program, VkCommandBuffer commands,
                                               const lemnos_budget* budget, const lemnos_vulkan_scope* before,
                                               lemnos_vulkan_scope* written, lemnos_advanced* advanced);
/** At most 8 semaphores each way. */
LEMNOS_API lemnos_result lemnos_program_submit(lemnos_program* program, const lemnos_budget* budget,
                                               const lemnos_vulkan_semaphore* waits, uint32_t wait_count,
                                               const lemnos_vulkan_semaphore* signals, uint32_t signal_count,
                                               lemnos_advanced* advanced);
/** Copies all parameters after each step into the next of `copies` buffers. */
LEMNOS_API lemnos_result lemnos_program_publish(lemnos_program* program, uint32_t copies, lemnos_error* error);
LEMNOS_API lemnos_result lemnos_program_published(lemnos_program* program, lemnos_published* published,
                                                  lemnos_error* error);
/** Bytes from the start of lemnos_published.parameters to a parameter. */
LEMNOS_API lemnos_result lemnos_program_published_offset(lemnos_program* program, lemnos_value parameter,
                                                         uint64_t* offset, lemnos_error* error);
/** Expected device time of a step. */
LEMNOS_API lemnos_result lemnos_program_step_microseconds(lemnos_program* program, double* microseconds,
                                                          lemnos_error* error);

/**< Memory shared with another device, process or API */

typedef enum lemnos_share_kind {
  LEMNOS_SHARE_OPAQUE_FD = 0,    /**< a file descriptor that only the same driver on the same device understands */
  LEMNOS_SHARE_DMA_BUF = 1,      /**< a file descriptor that other drivers understand too (Linux) */
  LEMNOS_SHARE_OPAQUE_WIN32 = 2, /**< an NT handle */
  LEMNOS_SHARE_KIND_MAX = 0x7fffffff
} lemnos_share_kind;

/** Everything that the other side needs to open the memory. */
typedef struct lemnos_shared_memory {
  uint32_t struct_size;
  uint32_t kind;            /**< a lemnos_share_kind */
  int64_t handle;           /**< a file descriptor or a HANDLE */
  uint64_t size;            /**< bytes of the buffer */
  uint64_t allocation_size; /**< bytes of the memory allocation, at whose start it is */
  uint32_t memory_type;     /**< memory type index of the exporter; not used for dma-bufs */
  uint32_t reserved;
  uint8_t device_uuid[16]; /**< VkPhysicalDeviceIDProperties of the exporter; not used for dma-bufs */
  uint8_t driver_uuid[16];
} lemnos_shared_memory;

/** A buffer with its own memory allocation, for lemnos_session_import_buffer here and for another device, process or
 * API. Keep it until the sessions that import it have run their last step. */
typedef struct lemnos_shared_buffer lemnos_shared_buffer;

LEMNOS_API lemnos_result lemnos_shared_buffer_create(lemnos_session* session, uint64_t bytes, lemnos_share_kind kind,
                                                     lemnos_shared_buffer** buffer, lemnos_error* error);
/** Opens memory that another side exported. Takes ownership of a file descriptor on success; on failure, and for an NT
 * handle, the caller keeps it. */
LEMNOS_API lemnos_result lemnos_shared_buffer_open(lemnos_session* session, const lemnos_shared_memory* memory,
                                                   lemnos_shared_buffer** buffer, lemnos_error* error);
LEMNOS_API void lemnos_shared_buffer_destroy(lemnos_shared_buffer* buffer);
LEMNOS_API lemnos_result lemnos_shared_buffer_describe(const lemnos_shared_buffer* buffer, lemnos_vulkan_buffer* range,
                                                       lemnos_error* error);
/** Exports the memory with a new handle, which the caller passes on or closes. */
LEMNOS_API lemnos_result lemnos_shared_buffer_share(const lemnos_shared_buffer* buffer, lemnos_shared_memory* memory,
                                                    lemnos_error* error);
/** Releases the content to the outside after all work of the session; acquires it again. Both wait. */
LEMNOS_API lemnos_result lemnos_shared_buffer_release(const lemnos_shared_buffer* buffer, lemnos_session* session,
                                                      lemnos_error* error);
LEMNOS_API lemnos_result lemnos_shared_buffer_acquire(const lemnos_shared_buffer* buffer, lemnos_session* session,
                                                      lemnos_error* error);

#endif /* VULKAN_CORE_H_ */

#ifdef __cplusplus
}
#endif
#endif
