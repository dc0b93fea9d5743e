// repro.c: a table of what is launched, which follows from the plan, and a program of plain Vulkan that is always the
// same.

#include <algorithm>
#include <set>

#include "base/text.h"
#include "repro.h"

namespace lemnos::tool {

constexpr const char* kTypes = R"c(#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <vulkan/vulkan.h>

struct buffer { const char* file; uint64_t bytes; };                 /* what it holds before the first launch */
struct binding { uint32_t buffer; uint64_t offset, bytes; };         /* of storage buffers, set 0, binding 0 to n-1 */
struct launch {
  const char *label, *module;
  int barrier;                                                       /* before it */
  uint32_t subgroup_size;                                            /* required, or 0 */
  uint32_t groups[3], first_binding, bindings, first_spec, specs, first_push, pushes;
  const struct binding* counts;                                      /* where the number of groups stands, or 0 */
};
enum type { F32, F16, BF16, I32, U32, U8 };
struct result { const char *name, *file; enum type type; uint32_t buffer; uint64_t offset, elements; double nmse; };

)c";

// What follows the table. `in`, `out` and `right` are allocated once; everything is released by the end of the process.
constexpr const char* kProgram = R"c(
#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define VK(call) do { VkResult r_ = (call); if (r_ < 0) { fprintf(stderr, "%s: %d\n", #call, (int)r_); exit(2); } } while (0)

static VkPhysicalDevice gpu;
static VkDevice device;
static VkQueue queue;
static VkCommandPool pool;
static VkBuffer memory[COUNT(buffers)], host;
static unsigned char *mapped, *first_run;
static uint64_t place[COUNT(buffers)], total;

static void* load(const char* name, size_t* bytes) {
  FILE* file = fopen(name, "rb");
  if (!file) { fprintf(stderr, "%s: cannot be read; run this in its folder\n", name); exit(2); }
  fseek(file, 0, SEEK_END);
  *bytes = (size_t)ftell(file);
  rewind(file);
  void* data = malloc(*bytes + 1);
  if (!data || fread(data, 1, *bytes, file) != *bytes) { fprintf(stderr, "%s: cannot be read\n", name); exit(2); }
  fclose(file);
  return data;
}

static uint32_t choose(const char* wanted) {
  VkApplicationInfo app = {.sType = VK_STRUCTURE_TYPE_APPLICATION_INFO, .apiVersion = VK_API_VERSION_1_3};
  VkInstanceCreateInfo info = {.sType = VK_STRUCTURE_TYPE_INSTANCE_CREATE_INFO, .pApplicationInfo = &app};
  VkInstance instance;
  VK(vkCreateInstance(&info, 0, &instance));
  VkPhysicalDevice all[16];
  VkPhysicalDeviceProperties about;
  uint32_t count = 16, chosen = 0;
  VK(vkEnumeratePhysicalDevices(instance, &count, all));
  for (uint32_t i = 0; i < count; ++i) {
    vkGetPhysicalDeviceProperties(all[i], &about);
    if (wanted ? (uint32_t)atoi(wanted) == i : strcmp(about.deviceName, DEVICE) == 0) { chosen = i; break; }
  }
  if (count == 0) { fprintf(stderr, "there is no Vulkan device\n"); exit(2); }
  gpu = all[chosen];
  vkGetPhysicalDeviceProperties(gpu, &about);
  printf("device %u: %s\n", chosen, about.deviceName);
  return about.apiVersion;
}

static void open_device(uint32_t api) {
  /* What a module may ask for is enabled where the device has it, and nothing else. */
  VkPhysicalDeviceSubgroupSizeControlFeatures sizes = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SUBGROUP_SIZE_CONTROL_FEATURES};
  VkPhysicalDeviceVulkan12Features v12 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_2_FEATURES};
  VkPhysicalDeviceVulkan11Features v11 = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_VULKAN_1_1_FEATURES, .pNext = &v12};
  VkPhysicalDeviceFeatures2 have = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_FEATURES_2, .pNext = &v11};
  const char* names[4];
  uint32_t extensions = 0, known = 0;
  vkEnumerateDeviceExtensionProperties(gpu, 0, &known, 0);
  VkExtensionProperties* list = malloc((known + 1) * sizeof *list);
  vkEnumerateDeviceExtensionProperties(gpu, 0, &known, list);
  void** tail = &v12.pNext;
  if (api >= VK_API_VERSION_1_3) { *tail = &sizes; tail = &sizes.pNext; }
#ifdef VK_KHR_cooperative_matrix
  VkPhysicalDeviceCooperativeMatrixFeaturesKHR matrix = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_COOPERATIVE_MATRIX_FEATURES_KHR};
  for (uint32_t i = 0; i < known; ++i)
    if (!strcmp(list[i].extensionName, "VK_KHR_cooperative_matrix")) { *tail = &matrix; tail = &matrix.pNext; names[extensions++] = "VK_KHR_cooperative_matrix"; }
#endif
#ifdef VK_KHR_shader_bfloat16
  VkPhysicalDeviceShaderBfloat16FeaturesKHR brain = {.sType = VK_STRUCTURE_TYPE_PHYSICAL_DEVICE_SHADER_BFLOAT16_FEATURES_KHR};
  for (uint32_t i = 0; i < known; ++i)
    if (!strcmp(list[i].extensionName, "VK_KHR_shader_bfloat16")) { *tail = &brain; tail = &brain.pNext; names[extensions++] = "VK_KHR_shader_bfloat16"; }
#endif
  vkGetPhysicalDeviceFeatures2(gpu, &have);
  have.features = (VkPhysicalDeviceFeatures){.shaderInt16 = have.features.shaderInt16, .shaderInt64 = have.features.shaderInt64};
  v11 = (VkPhysicalDeviceVulkan11Features){.sType = v11.sType, .pNext = v11.pNext, .storageBuffer16BitAccess = v11.storageBuffer16BitAccess};
  v12 = (VkPhysicalDeviceVulkan12Features){.sType = v12.sType, .pNext = v12.pNext, .storageBuffer8BitAccess = v12.storageBuffer8BitAccess,
      .shaderFloat16 = v12.shaderFloat16, .shaderInt8 = v12.shaderInt8, .shaderSubgroupExtendedTypes = v12.shaderSubgroupExtendedTypes,
      .scalarBlockLayout = v12.scalarBlockLayout, .vulkanMemoryModel = v12.vulkanMemoryModel, .vulkanMemoryModelDeviceScope = v12.vulkanMemoryModelDeviceScope};

  VkQueueFamilyProperties families[16];
  uint32_t family = 0, count = 16;
  vkGetPhysicalDeviceQueueFamilyProperties(gpu, &count, families);
  while (family + 1 < count && !(families[family].queueFlags & VK_QUEUE_COMPUTE_BIT)) ++family;
  float priority = 1;
  VkDeviceQueueCreateInfo queues = {.sType = VK_STRUCTURE_TYPE_DEVICE_QUEUE_CREATE_INFO, .queueFamilyIndex = family, .queueCount = 1, .pQueuePriorities = &priority};
  VkDeviceCreateInfo made = {.sType = VK_STRUCTURE_TYPE_DEVICE_CREATE_INFO, .pNext = &have, .queueCreateInfoCount = 1, .pQueueCreateInfos = &queues,
                             .enabledExtensionCount = extensions, .ppEnabledExtensionNames = names};
  VK(vkCreateDevice(gpu, &made, 0, &device));
  vkGetDeviceQueue(device, family, 0, &queue);
  VkCommandPoolCreateInfo commands = {.sType = VK_STRUCTURE_TYPE_COMMAND_POOL_CREATE_INFO, .queueFamilyIndex = family};
  VK(vkCreateCommandPool(device, &commands, 0, &pool));
}

static VkBuffer allocate(uint64_t bytes, VkMemoryPropertyFlags wanted, void** data) {
  VkBufferCreateInfo info = {.sType = VK_STRUCTURE_TYPE_BUFFER_CREATE_INFO, .size = bytes,
                             .usage = VK_BUFFER_USAGE_STORAGE_BUFFER_BIT | VK_BUFFER_USAGE_INDIRECT_BUFFER_BIT |
                                      VK_BUFFER_USAGE_TRANSFER_SRC_BIT | VK_BUFFER_USAGE_TRANSFER_DST_BIT};
  VkBuffer buffer;
  VK(vkCreateBuffer(device, &info, 0, &buffer));
  VkMemoryRequirements needs;
  vkGetBufferMemoryRequirements(device, buffer, &needs);
  VkPhysicalDeviceMemoryProperties types;
  vkGetPhysicalDeviceMemoryProperties(gpu, &types);
  VkMemoryAllocateInfo asked = {.sType = VK_STRUCTURE_TYPE_MEMORY_ALLOCATE_INFO, .allocationSize = needs.size};
  for (uint32_t i = types.memoryTypeCount; i-- > 0;)
    if ((needs.memoryTypeBits >> i & 1) && (types.memoryTypes[i].propertyFlags & wanted) == wanted) asked.memoryTypeIndex = i;
  VkDeviceMemory allocation;
  VK(vkAllocateMemory(device, &asked, 0, &allocation));
  VK(vkBindBufferMemory(device, buffer, allocation, 0));
  if (data) VK(vkMapMemory(device, allocation, 0, VK_WHOLE_SIZE, 0, data));
  return buffer;
}

static void barrier(VkCommandBuffer commands) {
  VkMemoryBarrier all = {.sType = VK_STRUCTURE_TYPE_MEMORY_BARRIER,
                         .srcAccessMask = VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_WRITE_BIT,
                         .dstAccessMask = VK_ACCESS_SHADER_READ_BIT | VK_ACCESS_SHADER_WRITE_BIT | VK_ACCESS_TRANSFER_READ_BIT |
                                          VK_ACCESS_TRANSFER_WRITE_BIT | VK_ACCESS_INDIRECT_COMMAND_READ_BIT | VK_ACCESS_HOST_READ_BIT};
  vkCmdPipelineBarrier(commands, VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT,
                       VK_PIPELINE_STAGE_COMPUTE_SHADER_BIT | VK_PIPELINE_STAGE_TRANSFER_BIT | VK_PIPELINE_STAGE_DRAW_INDIRECT_BIT |
                           VK_PIPELINE_STAGE_HOST_BIT, 0, 1, &all, 0, 0, 0, 0);
}

static void record(VkCommandBuffer commands, const struct launch* l) {
  VkDescriptorSetLayoutBinding slots[32];
  VkDescriptorBufferInfo ranges[32];
  for (uint32_t i = 0; i < l->bindings; ++i) {
    const struct binding* b = &bindings[l->first_binding + i];
    slots[i] = (VkDescriptorSetLayoutBinding){i, VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, 1, VK_SHADER_STAGE_COMPUTE_BIT, 0};
    ranges[i] = (VkDescriptorBufferInfo){memory[b->buffer], b->offset, b->bytes};
  }
  VkDescriptorSetLayoutCreateInfo set_info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_LAYOUT_CREATE_INFO, .bindingCount = l->bindings, .pBindings = slots};
  VkDescriptorSetLayout set_layout;
  VK(vkCreateDescriptorSetLayout(device, &set_info, 0, &set_layout));
  VkPushConstantRange push = {VK_SHADER_STAGE_COMPUTE_BIT, 0, l->pushes * 4};
  VkPipelineLayoutCreateInfo layout_info = {.sType = VK_STRUCTURE_TYPE_PIPELINE_LAYOUT_CREATE_INFO, .setLayoutCount = 1, .pSetLayouts = &set_layout,
                                            .pushConstantRangeCount = l->pushes > 0, .pPushConstantRanges = &push};
  VkPipelineLayout layout;
  VK(vkCreatePipelineLayout(device, &layout_info, 0, &layout));

  size_t bytes;
  uint32_t* code = load(l->module, &bytes);
  VkShaderModuleCreateInfo module_info = {.sType = VK_STRUCTURE_TYPE_SHADER_MODULE_CREATE_INFO, .codeSize = bytes, .pCode = code};
  VkShaderModule module;
  VK(vkCreateShaderModule(device, &module_info, 0, &module));
  VkSpecializationMapEntry entries[32];
  for (uint32_t i = 0; i < l->specs; ++i) entries[i] = (VkSpecializationMapEntry){i, i * 4, 4};
  VkSpecializationInfo constants = {l->specs, entries, l->specs * 4, &words[l->first_spec]};
  VkPipelineShaderStageRequiredSubgroupSizeCreateInfo size = {
      .sType = VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_REQUIRED_SUBGROUP_SIZE_CREATE_INFO, .requiredSubgroupSize = l->subgroup_size};
  VkComputePipelineCreateInfo info = {.sType = VK_STRUCTURE_TYPE_COMPUTE_PIPELINE_CREATE_INFO, .layout = layout};
  info.stage = (VkPipelineShaderStageCreateInfo){VK_STRUCTURE_TYPE_PIPELINE_SHADER_STAGE_CREATE_INFO, l->subgroup_size ? &size : 0,
      l->subgroup_size ? VK_PIPELINE_SHADER_STAGE_CREATE_REQUIRE_FULL_SUBGROUPS_BIT : 0, VK_SHADER_STAGE_COMPUTE_BIT, module, "main", &constants};
  VkPipeline pipeline;
  VK(vkCreateComputePipelines(device, 0, 1, &info, 0, &pipeline));

  VkDescriptorPoolSize many = {VK_DESCRIPTOR_TYPE_STORAGE_BUFFER, l->bindings};
  VkDescriptorPoolCreateInfo pool_info = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_POOL_CREATE_INFO, .maxSets = 1, .poolSizeCount = 1, .pPoolSizes = &many};
  VkDescriptorPool descriptors;
  VK(vkCreateDescriptorPool(device, &pool_info, 0, &descriptors));
  VkDescriptorSetAllocateInfo asked = {.sType = VK_STRUCTURE_TYPE_DESCRIPTOR_SET_ALLOCATE_INFO, .descriptorPool = descriptors, .descriptorSetCount = 1, .pSetLayouts = &set_layout};
  VkDescriptorSet set;
  VK(vkAllocateDescriptorSets(device, &asked, &set));
  VkWriteDescriptorSet write = {.sType = VK_STRUCTURE_TYPE_WRITE_DESCRIPTOR_SET, .dstSet = set, .descriptorCount = 1, .descriptorType = VK_DESCRIPTOR_TYPE_STORAGE_BUFFER};
  for (uint32_t i = 0; i < l->bindings; ++i) {
    write.dstBinding = i;
    write.pBufferInfo = &ranges[i];
    vkUpdateDescriptorSets(device, 1, &write, 0, 0);
  }
  if (l->barrier) barrier(commands);
  vkCmdBindPipeline(commands, VK_PIPELINE_BIND_POINT_COMPUTE, pipeline);
  vkCmdBindDescriptorSets(commands, VK_PIPELINE_BIND_POINT_COMPUTE, layout, 0, 1, &set, 0, 0);
  if (l->pushes) vkCmdPushConstants(commands, layout, VK_SHADER_STAGE_COMPUTE_BIT, 0, l->pushes * 4, &words[l->first_push]);
  if (l->counts) vkCmdDispatchIndirect(commands, memory[l->counts->buffer], l->counts->offset);
  else vkCmdDispatch(commands, l->groups[0], l->groups[1], l->groups[2]);
}

static void copy(VkCommandBuffer commands, int back) {
  for (uint32_t i = 0; i < COUNT(buffers); ++i) {
    VkBufferCopy part = {back ? 0 : place[i], back ? place[i] : 0, buffers[i].bytes};
    vkCmdCopyBuffer(commands, back ? memory[i] : host, back ? host : memory[i], 1, &part);
  }
}

static double element(enum type type, const unsigned char* bytes, uint64_t i) {
  uint32_t word = 0;
  float f;
  if (type == U8) return bytes[i];
  if (type == F32 || type == I32 || type == U32) memcpy(&word, bytes + 4 * i, 4);
  else memcpy(&word, bytes + 2 * i, 2);
  if (type == I32) return (int32_t)word;
  if (type == U32) return word;
  if (type == F16) {
    int exponent = word >> 10 & 31, sign = word >> 15 ? -1 : 1;
    double fraction = (word & 1023) / 1024.0;
    if (exponent == 31) return word & 1023 ? NAN : sign * INFINITY;
    return sign * (exponent ? ldexp(1 + fraction, exponent - 15) : ldexp(fraction, -14));
  }
  if (type == BF16) word <<= 16;
  memcpy(&f, &word, 4);
  return f;
}

static int judge(const struct result* r) {
  size_t bytes;
  const double* row = load(r->file, &bytes); /* of each element: reference, least, most */
  double worst = -1, squares = 0, errors = 0, got, want;
  uint64_t wrong = 0, at = 0;
  for (uint64_t i = 0; i < r->elements; ++i, row += 3) {
    got = element(r->type, mapped + place[r->buffer] + r->offset, i);
    want = row[0];
    double allowed = got < want ? want - row[1] : row[2] - want, ratio = fabs(got - want) / allowed;
    int right = isnan(want) ? isnan(got) : got >= row[1] && got <= row[2];
    if (right && !(ratio <= 1)) ratio = 0;
    if (!right && !(ratio > 1)) ratio = INFINITY;
    wrong += !right;
    if (ratio > worst) { worst = ratio; at = i; }
    if (isfinite(got) && isfinite(want)) { squares += want * want; errors += (got - want) * (got - want); }
  }
  row += 3 * (int64_t)at - 3 * (int64_t)r->elements;
  got = element(r->type, mapped + place[r->buffer] + r->offset, at);
  if (squares > 0) errors /= squares;
  int failed = wrong > 0 || (r->nmse > 0 && errors > r->nmse);
  printf("%s %s: %llu of %llu elements are wrong; worst [%llu]: got %.9g, reference %.9g, %.3g of what is allowed; NMSE %.3g",
         failed ? "FAILED" : "right ", r->name, (unsigned long long)wrong, (unsigned long long)r->elements, (unsigned long long)at, got, row[0], worst, errors);
  if (r->nmse > 0) printf(" (limit %.3g)", r->nmse);
  printf("\n");
  return failed;
}

/* Whether a word that no launch may write has changed. */
static int judge_rest(unsigned char** before) {
  for (uint32_t b = 0; b < COUNT(buffers); ++b)
    for (uint64_t at = 0; at + 4 <= buffers[b].bytes; at += 4) {
      int may = memcmp(before[b] + at, mapped + place[b] + at, 4) == 0;
      for (uint32_t w = 0; !may && w < COUNT(written); ++w) may = written[w].buffer == b && at >= written[w].offset && at < written[w].offset + written[w].bytes;
      if (may) continue;
      printf("FAILED %s: the word at byte %llu, which no launch writes, has changed\n", buffers[b].file, (unsigned long long)at);
      return 1;
    }
  return 0;
}

int main(int argc, char** argv) {
  unsigned char* before[COUNT(buffers)];
  size_t bytes;
  int failed = 0, runs = argc > 2 ? atoi(argv[2]) : 2;
  open_device(choose(argc > 1 && strcmp(argv[1], "-") ? argv[1] : 0));
  for (uint32_t i = 0; i < COUNT(buffers); ++i) {
    before[i] = load(buffers[i].file, &bytes);
    if (bytes != buffers[i].bytes) { fprintf(stderr, "%s: %llu bytes, not %llu\n", buffers[i].file, (unsigned long long)bytes, (unsigned long long)buffers[i].bytes); return 2; }
    memory[i] = allocate(buffers[i].bytes, VK_MEMORY_PROPERTY_DEVICE_LOCAL_BIT, 0);
    place[i] = total;
    total += buffers[i].bytes;
  }
  host = allocate(total, VK_MEMORY_PROPERTY_HOST_VISIBLE_BIT | VK_MEMORY_PROPERTY_HOST_COHERENT_BIT, (void**)&mapped);
  first_run = malloc(total);

  VkCommandBufferAllocateInfo asked = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_ALLOCATE_INFO, .commandPool = pool, .commandBufferCount = 1};
  VkCommandBuffer commands;
  VK(vkAllocateCommandBuffers(device, &asked, &commands));
  VkCommandBufferBeginInfo begin = {.sType = VK_STRUCTURE_TYPE_COMMAND_BUFFER_BEGIN_INFO};
  VK(vkBeginCommandBuffer(commands, &begin));
  copy(commands, 0);
  barrier(commands);
  for (uint32_t i = 0; i < COUNT(launches); ++i) record(commands, &launches[i]);
  barrier(commands);
  copy(commands, 1);
  barrier(commands);
  VK(vkEndCommandBuffer(commands));

  for (int run = 0; run < runs && !failed; ++run) {
    for (uint32_t i = 0; i < COUNT(buffers); ++i) memcpy(mapped + place[i], before[i], buffers[i].bytes);
    VkSubmitInfo submit = {.sType = VK_STRUCTURE_TYPE_SUBMIT_INFO, .commandBufferCount = 1, .pCommandBuffers = &commands};
    VK(vkQueueSubmit(queue, 1, &submit, 0));
    VK(vkQueueWaitIdle(queue));
    if (run == 0) {
      memcpy(first_run, mapped, total);
      for (uint32_t i = 0; i < COUNT(results); ++i) failed |= judge(&results[i]);
      failed |= judge_rest(before);
    } else if (memcmp(first_run, mapped, total) != 0) {
      failed = 1;
      printf("FAILED run %d differs from the first\n", run + 1);
    }
  }
  printf(failed ? "FAILED\n" : "passed, %d runs\n", runs);
  return failed;
}
)c";

namespace {

std::string quoted_c(const std::string& word) {
  std::string out = "\"";
  for (const char c : word) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

// Of one line in a comment, which nothing in it ends.
std::string in_comment(std::string line) {
  for (size_t at = 0; (at = line.find("*/", at)) != std::string::npos;) line.replace(at, 2, "* /");
  for (char& c : line)
    if (c == '\n') c = ' ';
  return line;
}

const char* type_name(DType dtype) {
  switch (dtype) {
    case DType::f32: return "F32";
    case DType::f16: return "F16";
    case DType::bf16: return "BF16";
    case DType::i32: return "I32";
    case DType::u32: return "U32";
    default: return "U8";
  }
}

std::string head_of(const Repro& repro) {
  std::string out =
      text("/* ", in_comment(repro.title), "\n   ", in_comment(repro.device), ", ", in_comment(repro.driver), "\n");
  if (!repro.message.empty()) out += text("   ", in_comment(repro.message), "\n");
  return out + text("   found by: ", in_comment(repro.command), R"(

   cc -std=c99 repro.c -o repro -lvulkan -lm
   ./repro [DEVICE [RUNS]]     a device by its number, or - for the one above; every run must give the same bits

   Status 0: right. 1: wrong. 2: Vulkan or the system refused something. VK_INSTANCE_LAYERS=VK_LAYER_KHRONOS_validation checks
   the program itself. The modules are the .spv files, disassembled by spirv-dis. */
)");
}

/// The rows of the launches, and the words and bindings that they count out.
struct Rows {
  std::string launches, words, bindings, counts;
  size_t word_count = 0, binding_count = 0;

  void add_words(std::span<const uint32_t> list) {
    for (uint32_t word : list) words += formatted("%s0x%08xu,", word_count++ % 8 == 0 ? "\n  " : " ", word);
  }
};

std::string range_text(const Repro::Range& r) { return text("{", r.buffer, ", ", r.offset, ", ", r.bytes, "}"); }

void add_row(Rows& rows, const Repro::Launch& launch, size_t number) {
  const size_t first_binding = rows.binding_count, first_spec = rows.word_count;
  for (const Repro::Range& range : launch.bindings)
    rows.bindings += text(rows.binding_count++ == first_binding ? "\n  " : " ", range_text(range), ",");
  rows.add_words(launch.spec.span());
  const size_t first_push = rows.word_count;
  rows.add_words(launch.params.span());
  std::string counts = "0";
  if (launch.counts) {
    rows.counts += text("static const struct binding counts", number, " = ", range_text(*launch.counts), ";\n");
    counts = text("&counts", number);
  }
  rows.launches +=
      text("  {", quoted_c(launch.label), ", ", quoted_c(module_file(*launch.kernel)), ", ", launch.barrier ? 1 : 0,
           ", ", launch.subgroup_size, ", {", launch.groups[0], ", ", launch.groups[1], ", ", launch.groups[2], "}, ",
           first_binding, ", ", launch.bindings.size(), ", ", first_spec, ", ", launch.spec.span().size(), ", ",
           first_push, ", ", launch.params.span().size(), ", ", counts, "},\n");
}

}  // namespace

std::string repro_c(const Repro& repro) {
  constexpr uint32_t kCooperativeMatrix = 6022;  // SPIR-V's number of the capability
  std::string out = head_of(repro) + kTypes;
  if (std::ranges::any_of(repro.launches, [](const Repro::Launch& launch) {
        return launch.kernel->info.has_capability(kCooperativeMatrix);
      }))
    out +=
        "#ifndef VK_KHR_cooperative_matrix\n#error these Vulkan headers do not know the matrices that a module "
        "uses: 1.3.255 or newer is needed\n#endif\n";
  out += text("#define DEVICE ", quoted_c(repro.device), "\nstatic const struct buffer buffers[] = {\n");
  for (size_t i = 0; i < repro.buffers.size(); ++i)
    out += text("  {", quoted_c(buffer_file(i)), ", ", repro.buffers[i].before.size(), "}, /* ",
                in_comment(repro.buffers[i].name), " */\n");
  Rows rows;
  for (size_t i = 0; i < repro.launches.size(); ++i) add_row(rows, repro.launches[i], i);
  out +=
      text("};\n/* Specialisation constants 0, 1, .. of a launch, then its push constants. */\n",
           "static const uint32_t words[] = {", rows.words, "\n  0};\nstatic const struct binding bindings[] = {",
           rows.bindings, "\n};\n", rows.counts, "static const struct launch launches[] = {\n", rows.launches, "};\n");
  out += "static const struct result results[] = {\n";
  for (size_t i = 0; i < repro.results.size(); ++i) {
    const Repro::Result& r = repro.results[i];
    out += text("  {", quoted_c(r.name + " " + to_string(r.desc)), ", ", quoted_c(result_file(i)), ", ",
                type_name(r.desc.dtype), ", ", r.where.buffer, ", ", r.where.offset, ", ", r.desc.elements(), ", ",
                formatted("%.17g", r.nmse), "},\n");
  }
  std::set<std::string> written;
  for (const Repro::Launch& launch : repro.launches)
    for (size_t b = 0; b < launch.bindings.size(); ++b)
      if (launch.writes[b]) written.insert(text("  ", range_text(launch.bindings[b]), ",\n"));
  out += "};\n/* What the launches may write. */\nstatic const struct binding written[] = {\n";
  for (const std::string& row : written) out += row;
  return out + "};\n" + kProgram;
}

}  // namespace lemnos::tool
