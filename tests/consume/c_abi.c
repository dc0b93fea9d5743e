/* Made by make_c_abi.py from lemnos.h of version 0.1.0: what programs compiled with it rely on. A field
 * may come at the end of a struct, an enumerator or a function may come; nothing else may change. */
#include <stddef.h>
#if __has_include(<vulkan/vulkan_core.h>)
#include <vulkan/vulkan_core.h>
#endif
#include <lemnos/lemnos.h>

#define PLACE(type, field)                                                                                      \
  _Static_assert(offsetof(type, field) == offsetof(struct released_##type, field), #type "." #field ": moved"); \
  _Static_assert(sizeof(((type*)0)->field) == sizeof(((struct released_##type*)0)->field), #type "." #field ": size")
#define SAME(type, field)                                                                                           \
  PLACE(type, field);                                                                                               \
  _Static_assert(                                                                                                   \
      __builtin_types_compatible_p(__typeof__(((type*)0)->field), __typeof__(((struct released_##type*)0)->field)), \
      #type "." #field ": another type")
#define GROWN(type) _Static_assert(sizeof(type) >= sizeof(struct released_##type), #type ": smaller")
#define ENUMERATOR(name, value) _Static_assert((name) == (value), #name ": another value")
/* A second declaration has to be the same, and the function there to be linked. */
#define FUNCTION(result, name, arguments)              \
  any_function const link_##name = (any_function)name; \
  result name arguments
typedef void (*any_function)(void);

/* clang-format off */


ENUMERATOR(LEMNOS_OK, 0); ENUMERATOR(LEMNOS_INVALID_ARGUMENT, 1); ENUMERATOR(LEMNOS_SHAPE_MISMATCH, 2);
ENUMERATOR(LEMNOS_OUT_OF_RANGE, 3); ENUMERATOR(LEMNOS_UNSUPPORTED, 4); ENUMERATOR(LEMNOS_NOT_FOUND, 5);
ENUMERATOR(LEMNOS_IO, 6); ENUMERATOR(LEMNOS_CORRUPT_DATA, 7); ENUMERATOR(LEMNOS_NO_DEVICE, 8);
ENUMERATOR(LEMNOS_OUT_OF_MEMORY, 9); ENUMERATOR(LEMNOS_DEVICE_LOST, 10); ENUMERATOR(LEMNOS_INTERNAL, 11);
ENUMERATOR(LEMNOS_CANCELLED, 12);
_Static_assert(sizeof(lemnos_result) == 4, "lemnos_result: another size");

struct released_lemnos_error {
  uint32_t struct_size; int32_t code; char message[1016];
};
SAME(lemnos_error, struct_size); SAME(lemnos_error, code); SAME(lemnos_error, message);
GROWN(lemnos_error);
FUNCTION(uint32_t, lemnos_version, (void));
FUNCTION(const char*, lemnos_result_name, (lemnos_result result));

struct released_lemnos_device_info {
  uint32_t struct_size; uint32_t usable; char type[32]; char name[256]; char driver[64]; char driver_version[128]; char
  api_version[32]; char uuid[40]; char refusal[256]; uint64_t memory_bytes;
};
SAME(lemnos_device_info, struct_size); SAME(lemnos_device_info, usable); SAME(lemnos_device_info, type);
SAME(lemnos_device_info, name); SAME(lemnos_device_info, driver); SAME(lemnos_device_info, driver_version);
SAME(lemnos_device_info, api_version); SAME(lemnos_device_info, uuid); SAME(lemnos_device_info, refusal);
SAME(lemnos_device_info, memory_bytes);
GROWN(lemnos_device_info);
FUNCTION(lemnos_result, lemnos_device_open, (const char* selector, lemnos_device** device, lemnos_error* error));
FUNCTION(void, lemnos_device_destroy, (lemnos_device* device));
FUNCTION(lemnos_result, lemnos_device_get_info, (const lemnos_device* device, lemnos_device_info* info, lemnos_error*
         error));
FUNCTION(lemnos_result, lemnos_list_devices, (lemnos_device_info* infos, uint32_t* count, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_device_validation_count, (const lemnos_device* device, uint64_t* count, lemnos_error*
         error));

ENUMERATOR(LEMNOS_F32, 0); ENUMERATOR(LEMNOS_F16, 1); ENUMERATOR(LEMNOS_BF16, 2); ENUMERATOR(LEMNOS_I32, 3);
ENUMERATOR(LEMNOS_U32, 4); ENUMERATOR(LEMNOS_U8, 5); ENUMERATOR(LEMNOS_BOOL, 6);
_Static_assert(sizeof(lemnos_dtype) == 4, "lemnos_dtype: another size");

struct released_lemnos_tensor {
  uint32_t struct_size; uint32_t dtype; uint32_t rank; uint32_t reserved; int64_t extents[8];
};
SAME(lemnos_tensor, struct_size); SAME(lemnos_tensor, dtype); SAME(lemnos_tensor, rank); SAME(lemnos_tensor, reserved);
SAME(lemnos_tensor, extents);
GROWN(lemnos_tensor);

ENUMERATOR(LEMNOS_INTEGER, 0); ENUMERATOR(LEMNOS_REAL, 1); ENUMERATOR(LEMNOS_INTEGERS, 2); ENUMERATOR(LEMNOS_WORD, 3);
_Static_assert(sizeof(lemnos_attribute_kind) == 4, "lemnos_attribute_kind: another size");

struct released_lemnos_attribute {
  uint32_t struct_size; uint32_t kind; const char* name; int64_t integer; double real; const int64_t* integers; uint64_t
  integer_count; const char* word;
};
SAME(lemnos_attribute, struct_size); SAME(lemnos_attribute, kind); SAME(lemnos_attribute, name); SAME(lemnos_attribute,
integer); SAME(lemnos_attribute, real); SAME(lemnos_attribute, integers); SAME(lemnos_attribute, integer_count);
SAME(lemnos_attribute, word);
GROWN(lemnos_attribute);

struct released_lemnos_option {
  uint32_t struct_size; uint32_t reserved; const char* name; double value;
};
SAME(lemnos_option, struct_size); SAME(lemnos_option, reserved); SAME(lemnos_option, name); SAME(lemnos_option, value);
GROWN(lemnos_option);
FUNCTION(lemnos_result, lemnos_graph_create, (lemnos_graph** graph, lemnos_error* error));
FUNCTION(void, lemnos_graph_destroy, (lemnos_graph* graph));
FUNCTION(lemnos_result, lemnos_graph_input, (lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
         lemnos_value* value, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_constant, (lemnos_graph* graph, const lemnos_tensor* tensor, const void* content,
         size_t bytes, lemnos_value* value, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_variable, (lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
         const void* content, size_t bytes, lemnos_value* value, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_parameter, (lemnos_graph* graph, const char* name, const lemnos_tensor* tensor,
         const float* initial, uint64_t seed, lemnos_value* value, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_op, (lemnos_graph* graph, const char* op, const lemnos_value* inputs, uint32_t
         input_count, const lemnos_attribute* attributes, uint32_t attribute_count, lemnos_value* outputs, uint32_t*
         output_count, lemnos_error* error));
FUNCTION(const char*, lemnos_op_names, (void));
FUNCTION(lemnos_result, lemnos_graph_describe, (const lemnos_graph* graph, lemnos_value value, lemnos_tensor* tensor,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_find, (const lemnos_graph* graph, const char* name, lemnos_value* value,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_gradients, (lemnos_graph* graph, lemnos_value output, const lemnos_value* wrt,
         uint32_t count, lemnos_value* gradients, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_graph_minimize, (lemnos_graph* graph, lemnos_value loss, const char* optimizer, const
         lemnos_option* options, uint32_t option_count, lemnos_value targets[2], lemnos_error* error));
FUNCTION(lemnos_result, lemnos_session_open, (lemnos_device* device, lemnos_graph* graph, lemnos_session** session,
         lemnos_error* error));
FUNCTION(void, lemnos_session_destroy, (lemnos_session* session));
FUNCTION(lemnos_result, lemnos_session_write, (lemnos_session* session, lemnos_value value, const void* content, size_t
         bytes, size_t offset, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_session_read, (lemnos_session* session, lemnos_value value, void* content, size_t bytes,
         size_t offset, lemnos_error* error));

struct released_lemnos_program_options {
  uint32_t struct_size; uint32_t target_count; const lemnos_value* targets; double segment_microseconds;
};
SAME(lemnos_program_options, struct_size); SAME(lemnos_program_options, target_count); SAME(lemnos_program_options,
targets); SAME(lemnos_program_options, segment_microseconds);
GROWN(lemnos_program_options);
FUNCTION(lemnos_result, lemnos_program_compile, (lemnos_session* session, const lemnos_program_options* options,
         lemnos_program** program, lemnos_error* error));
FUNCTION(void, lemnos_program_destroy, (lemnos_program* program));
FUNCTION(lemnos_result, lemnos_program_run, (lemnos_program* program, uint32_t steps));
FUNCTION(lemnos_result, lemnos_program_wait, (lemnos_program* program));

struct released_lemnos_budget {
  uint32_t struct_size; uint32_t steps; double microseconds;
};
SAME(lemnos_budget, struct_size); SAME(lemnos_budget, steps); SAME(lemnos_budget, microseconds);
GROWN(lemnos_budget);

struct released_lemnos_advanced {
  uint32_t struct_size; uint32_t segments; uint32_t steps; uint32_t reserved; double microseconds; double step_done;
  uint64_t total_steps;
};
SAME(lemnos_advanced, struct_size); SAME(lemnos_advanced, segments); SAME(lemnos_advanced, steps); SAME(lemnos_advanced,
reserved); SAME(lemnos_advanced, microseconds); SAME(lemnos_advanced, step_done); SAME(lemnos_advanced, total_steps);
GROWN(lemnos_advanced);
FUNCTION(lemnos_result, lemnos_program_advance, (lemnos_program* program, const lemnos_budget* budget, lemnos_advanced*
         advanced));
FUNCTION(lemnos_result, lemnos_program_cancel, (lemnos_program* program));
FUNCTION(lemnos_result, lemnos_program_read, (lemnos_program* program, lemnos_value value, void* content, size_t bytes,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_program_describe, (const lemnos_program* program, char* text, size_t capacity, size_t*
         length, lemnos_error* error));

struct released_lemnos_dataset_options {
  uint32_t struct_size; uint32_t classes; struct released_lemnos_tensor x; struct released_lemnos_tensor y; const void*
  x_content; const void* y_content; float scale; float shift;
};
SAME(lemnos_dataset_options, struct_size); SAME(lemnos_dataset_options, classes); PLACE(lemnos_dataset_options, x);
PLACE(lemnos_dataset_options, y); SAME(lemnos_dataset_options, x_content); SAME(lemnos_dataset_options, y_content);
SAME(lemnos_dataset_options, scale); SAME(lemnos_dataset_options, shift);
GROWN(lemnos_dataset_options);
FUNCTION(lemnos_result, lemnos_dataset_create, (const lemnos_dataset_options* options, lemnos_dataset** dataset,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_dataset_mnist, (const char* folder, lemnos_dataset** train, lemnos_dataset** test,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_dataset_digits, (int64_t train_count, int64_t test_count, uint64_t seed, lemnos_dataset**
         train, lemnos_dataset** test, lemnos_error* error));
FUNCTION(int64_t, lemnos_dataset_size, (const lemnos_dataset* dataset));
FUNCTION(void, lemnos_dataset_destroy, (lemnos_dataset* dataset));

struct released_lemnos_layer {
  uint32_t struct_size; uint32_t option_count; const char* kind; const lemnos_option* options;
};
SAME(lemnos_layer, struct_size); SAME(lemnos_layer, option_count); SAME(lemnos_layer, kind); SAME(lemnos_layer,
options);
GROWN(lemnos_layer);

struct released_lemnos_trainer_options {
  uint32_t struct_size; uint32_t layer_count; const lemnos_layer* layers; const char* loss; const char* optimizer; const
  lemnos_option* optimizer_options; uint64_t optimizer_option_count; uint64_t seed; float clip_norm;
};
SAME(lemnos_trainer_options, struct_size); SAME(lemnos_trainer_options, layer_count); SAME(lemnos_trainer_options,
layers); SAME(lemnos_trainer_options, loss); SAME(lemnos_trainer_options, optimizer); SAME(lemnos_trainer_options,
optimizer_options); SAME(lemnos_trainer_options, optimizer_option_count); SAME(lemnos_trainer_options, seed);
SAME(lemnos_trainer_options, clip_norm);
GROWN(lemnos_trainer_options);

struct released_lemnos_metrics {
  uint32_t struct_size; uint32_t reserved; double loss; double accuracy; int64_t samples;
};
SAME(lemnos_metrics, struct_size); SAME(lemnos_metrics, reserved); SAME(lemnos_metrics, loss); SAME(lemnos_metrics,
accuracy); SAME(lemnos_metrics, samples);
GROWN(lemnos_metrics);

struct released_lemnos_progress {
  uint32_t struct_size; uint32_t reserved; int64_t epoch, epochs; int64_t step, steps; double loss, accuracy,
  samples_per_second;
};
SAME(lemnos_progress, struct_size); SAME(lemnos_progress, reserved); SAME(lemnos_progress, epoch); SAME(lemnos_progress,
epochs); SAME(lemnos_progress, step); SAME(lemnos_progress, steps); SAME(lemnos_progress, loss); SAME(lemnos_progress,
accuracy); SAME(lemnos_progress, samples_per_second);
GROWN(lemnos_progress);

struct released_lemnos_fit_options {
  uint32_t struct_size; uint32_t keep_order; int64_t epochs; int64_t batch_size; const lemnos_dataset* validation; int
  (*on_progress)(void* user, const lemnos_progress* progress); void* user; uint32_t print;
};
SAME(lemnos_fit_options, struct_size); SAME(lemnos_fit_options, keep_order); SAME(lemnos_fit_options, epochs);
SAME(lemnos_fit_options, batch_size); SAME(lemnos_fit_options, validation); SAME(lemnos_fit_options, on_progress);
SAME(lemnos_fit_options, user); SAME(lemnos_fit_options, print);
GROWN(lemnos_fit_options);
FUNCTION(lemnos_result, lemnos_trainer_create, (lemnos_device* device, const lemnos_trainer_options* options,
         lemnos_trainer** trainer, lemnos_error* error));
FUNCTION(void, lemnos_trainer_destroy, (lemnos_trainer* trainer));
FUNCTION(lemnos_result, lemnos_trainer_fit, (lemnos_trainer* trainer, const lemnos_dataset* dataset, const
         lemnos_fit_options* options, lemnos_metrics* train, lemnos_metrics* validation, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_evaluate, (lemnos_trainer* trainer, const lemnos_dataset* dataset, int64_t
         batch_size, lemnos_metrics* metrics, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_predict, (lemnos_trainer* trainer, const lemnos_dataset* dataset, int64_t
         batch_size, float* values, uint64_t* count, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_begin, (lemnos_trainer* trainer, const lemnos_dataset* dataset, int64_t
         batch_size, int shuffle, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_step, (lemnos_trainer* trainer, int64_t steps, lemnos_metrics* metrics,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_save, (lemnos_trainer* trainer, const char* path, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_load, (lemnos_trainer* trainer, const char* path, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_trainer_step_program, (lemnos_trainer* trainer, lemnos_program** program, lemnos_error*
         error));

#ifdef VULKAN_CORE_H_

struct released_lemnos_vulkan_queue {
  uint32_t struct_size; uint32_t family; uint32_t index; uint32_t reserved; VkQueue handle;
};
SAME(lemnos_vulkan_queue, struct_size); SAME(lemnos_vulkan_queue, family); SAME(lemnos_vulkan_queue, index);
SAME(lemnos_vulkan_queue, reserved); SAME(lemnos_vulkan_queue, handle);
GROWN(lemnos_vulkan_queue);

struct released_lemnos_vulkan_device {
  uint32_t struct_size; uint32_t api_version; VkInstance instance; VkPhysicalDevice physical_device; VkDevice device;
  PFN_vkGetInstanceProcAddr get_instance_proc_addr; const char* const* enabled_extensions; uint64_t
  enabled_extension_count; const VkPhysicalDeviceFeatures2* enabled_features; struct released_lemnos_vulkan_queue
  compute_queue; void (*lock_queue)(void* user, const lemnos_vulkan_queue* queue); void (*unlock_queue)(void* user,
  const lemnos_vulkan_queue* queue); VkResult (*submit)(void* user, const lemnos_vulkan_queue* queue, const
  VkSubmitInfo2* info); void* user; VkPipelineCache pipeline_cache; const VkAllocationCallbacks* allocation_callbacks;
  uint64_t memory_budget; const char* cache_folder;
};
SAME(lemnos_vulkan_device, struct_size); SAME(lemnos_vulkan_device, api_version); SAME(lemnos_vulkan_device, instance);
SAME(lemnos_vulkan_device, physical_device); SAME(lemnos_vulkan_device, device); SAME(lemnos_vulkan_device,
get_instance_proc_addr); SAME(lemnos_vulkan_device, enabled_extensions); SAME(lemnos_vulkan_device,
enabled_extension_count); SAME(lemnos_vulkan_device, enabled_features); PLACE(lemnos_vulkan_device, compute_queue);
SAME(lemnos_vulkan_device, lock_queue); SAME(lemnos_vulkan_device, unlock_queue); SAME(lemnos_vulkan_device, submit);
SAME(lemnos_vulkan_device, user); SAME(lemnos_vulkan_device, pipeline_cache); SAME(lemnos_vulkan_device,
allocation_callbacks); SAME(lemnos_vulkan_device, memory_budget); SAME(lemnos_vulkan_device, cache_folder);
GROWN(lemnos_vulkan_device);

struct released_lemnos_vulkan_buffer {
  uint32_t struct_size; uint32_t reserved; VkBuffer buffer; VkDeviceSize offset; VkDeviceSize size;
};
SAME(lemnos_vulkan_buffer, struct_size); SAME(lemnos_vulkan_buffer, reserved); SAME(lemnos_vulkan_buffer, buffer);
SAME(lemnos_vulkan_buffer, offset); SAME(lemnos_vulkan_buffer, size);
GROWN(lemnos_vulkan_buffer);

struct released_lemnos_vulkan_scope {
  uint32_t struct_size; uint32_t reserved; VkPipelineStageFlags2 stages; VkAccessFlags2 accesses;
};
SAME(lemnos_vulkan_scope, struct_size); SAME(lemnos_vulkan_scope, reserved); SAME(lemnos_vulkan_scope, stages);
SAME(lemnos_vulkan_scope, accesses);
GROWN(lemnos_vulkan_scope);

struct released_lemnos_vulkan_semaphore {
  uint32_t struct_size; uint32_t reserved; VkSemaphore semaphore; uint64_t value;
};
SAME(lemnos_vulkan_semaphore, struct_size); SAME(lemnos_vulkan_semaphore, reserved); SAME(lemnos_vulkan_semaphore,
semaphore); SAME(lemnos_vulkan_semaphore, value);
GROWN(lemnos_vulkan_semaphore);

struct released_lemnos_published {
  uint32_t struct_size; uint32_t reserved; struct released_lemnos_vulkan_buffer parameters; uint64_t steps; struct
  released_lemnos_vulkan_semaphore ready;
};
SAME(lemnos_published, struct_size); SAME(lemnos_published, reserved); PLACE(lemnos_published, parameters);
SAME(lemnos_published, steps); PLACE(lemnos_published, ready);
GROWN(lemnos_published);
FUNCTION(lemnos_result, lemnos_vulkan_require, (VkInstance instance, VkPhysicalDevice physical_device,
         PFN_vkGetInstanceProcAddr get_instance_proc_addr, uint32_t api_version, int optional, const char** extensions,
         uint32_t* count, VkPhysicalDeviceFeatures2* features, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_device_adopt, (const lemnos_vulkan_device* vulkan, lemnos_device** device, lemnos_error*
         error));
FUNCTION(lemnos_result, lemnos_session_import_buffer, (lemnos_session* session, lemnos_value value, const
         lemnos_vulkan_buffer* buffer, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_session_export_buffer, (lemnos_session* session, lemnos_value value,
         lemnos_vulkan_buffer* buffer, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_program_prepare, (lemnos_program* program, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_program_buffer, (lemnos_program* program, lemnos_value value, lemnos_vulkan_buffer*
         buffer, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_program_record, (lemnos_program* program, VkCommandBuffer commands, const lemnos_budget*
         budget, const lemnos_vulkan_scope* before, lemnos_vulkan_scope* written, lemnos_advanced* advanced));
FUNCTION(lemnos_result, lemnos_program_submit, (lemnos_program* program, const lemnos_budget* budget, const
         lemnos_vulkan_semaphore* waits, uint32_t wait_count, const lemnos_vulkan_semaphore* signals, uint32_t
         signal_count, lemnos_advanced* advanced));
FUNCTION(lemnos_result, lemnos_program_publish, (lemnos_program* program, uint32_t copies, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_program_published, (lemnos_program* program, lemnos_published* published, lemnos_error*
         error));
FUNCTION(lemnos_result, lemnos_program_published_offset, (lemnos_program* program, lemnos_value parameter, uint64_t*
         offset, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_program_step_microseconds, (lemnos_program* program, double* microseconds, lemnos_error*
         error));

ENUMERATOR(LEMNOS_SHARE_OPAQUE_FD, 0); ENUMERATOR(LEMNOS_SHARE_DMA_BUF, 1); ENUMERATOR(LEMNOS_SHARE_OPAQUE_WIN32, 2);
_Static_assert(sizeof(lemnos_share_kind) == 4, "lemnos_share_kind: another size");

struct released_lemnos_shared_memory {
  uint32_t struct_size; uint32_t kind; int64_t handle; uint64_t size; uint64_t allocation_size; uint32_t memory_type;
  uint32_t reserved; uint8_t device_uuid[16]; uint8_t driver_uuid[16];
};
SAME(lemnos_shared_memory, struct_size); SAME(lemnos_shared_memory, kind); SAME(lemnos_shared_memory, handle);
SAME(lemnos_shared_memory, size); SAME(lemnos_shared_memory, allocation_size); SAME(lemnos_shared_memory, memory_type);
SAME(lemnos_shared_memory, reserved); SAME(lemnos_shared_memory, device_uuid); SAME(lemnos_shared_memory, driver_uuid);
GROWN(lemnos_shared_memory);
FUNCTION(lemnos_result, lemnos_shared_buffer_create, (lemnos_session* session, uint64_t bytes, lemnos_share_kind kind,
         lemnos_shared_buffer** buffer, lemnos_error* error));
FUNCTION(lemnos_result, lemnos_shared_buffer_open, (lemnos_session* session, const lemnos_shared_memory* memory,
         lemnos_shared_buffer** buffer, lemnos_error* error));
FUNCTION(void, lemnos_shared_buffer_destroy, (lemnos_shared_buffer* buffer));
FUNCTION(lemnos_result, lemnos_shared_buffer_describe, (const lemnos_shared_buffer* buffer, lemnos_vulkan_buffer* range,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_shared_buffer_share, (const lemnos_shared_buffer* buffer, lemnos_shared_memory* memory,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_shared_buffer_release, (const lemnos_shared_buffer* buffer, lemnos_session* session,
         lemnos_error* error));
FUNCTION(lemnos_result, lemnos_shared_buffer_acquire, (const lemnos_shared_buffer* buffer, lemnos_session* session,
         lemnos_error* error));
#endif

int main(void) { return 0; }
