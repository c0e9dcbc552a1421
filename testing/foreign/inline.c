// Lets Snort's data acquisition library pass frames between two ports, as Snort does inline.
//   usage: inline MODULES PORT:PORT FRAMES
// Ends when so many have passed, or none for five seconds.
#include <daq.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long passed;

static DAQ_Verdict Pass(void* user, const DAQ_PktHdr_t* header, const uint8_t* data) {
  (void)user;
  (void)header;
  (void)data;
  ++passed;
  return DAQ_VERDICT_PASS;
}

int main(int argc, char** argv) {
  if (argc != 4) return 2;
  const char* folders[] = {argv[1], NULL};
  const long wanted = atol(argv[3]);
  if (daq_load_modules(folders) != 0) return 2;
  const DAQ_Module_t* const module = daq_find_module("netmap");
  if (module == NULL) {
    printf("there is no module netmap in %s\n", argv[1]);
    return 2;
  }
  DAQ_Config_t config;
  memset(&config, 0, sizeof(config));
  config.name = argv[2];
  config.snaplen = 1600;
  config.timeout = 1000;
  config.mode = DAQ_MODE_INLINE;
  void* handle = NULL;
  char error[256] = "";
  if (daq_initialize(module, &config, &handle, error, sizeof(error)) != 0) {
    printf("cannot open %s: %s\n", argv[2], error);
    return 1;
  }
  if (daq_start(module, handle) != 0) {
    printf("cannot start: %s\n", daq_get_error(module, handle));
    return 1;
  }
  for (int idle = 0; passed < wanted && idle < 5;) {
    const long before = passed;
    if (daq_acquire(module, handle, 0, Pass, NULL) < 0) {
      printf("cannot go on: %s\n", daq_get_error(module, handle));
      return 1;
    }
    idle = passed == before ? idle + 1 : 0;
  }
  printf("passed %ld\n", passed);
  daq_stop(module, handle);
  daq_shutdown(module, handle);
  return passed == wanted ? 0 : 1;
}
