/* The C program on the first page of the README. */
#include <lemnos/lemnos.h>
#include <stdio.h>

int main(void) {
  lemnos_error error = {sizeof error, 0, ""};
  lemnos_device* device = NULL;
  lemnos_dataset *train = NULL, *test = NULL;
  lemnos_trainer* trainer = NULL;
  lemnos_option hidden = {.struct_size = sizeof hidden, .name = "out", .value = 128};
  lemnos_option classes = {.struct_size = sizeof classes, .name = "out", .value = 10};
  lemnos_layer layers[] = {{sizeof *layers, 0, "flatten", NULL},
                           {sizeof *layers, 1, "linear", &hidden},
                           {sizeof *layers, 0, "relu", NULL},
                           {sizeof *layers, 1, "linear", &classes}};
  lemnos_trainer_options model = {.struct_size = sizeof model, .layer_count = 4, .layers = layers};
  lemnos_fit_options fit = {.struct_size = sizeof fit, .epochs = 5, .batch_size = 128, .print = 1};
  int failed = lemnos_device_open("best", &device, &error) ||
               lemnos_dataset_digits(20000, 4000, 1, &train, &test, &error) ||
               lemnos_trainer_create(device, &model, &trainer, &error) ||
               lemnos_trainer_fit(trainer, train, &fit, NULL, NULL, &error) ||
               lemnos_trainer_save(trainer, "digits.safetensors", &error);
  if (failed) fprintf(stderr, "%s\n", error.message);
  lemnos_trainer_destroy(trainer);
  lemnos_dataset_destroy(train);
  lemnos_dataset_destroy(test);
  lemnos_device_destroy(device);
  return failed;
}
