/* Checks net/mapwire.h as programs use it, in C and (by way of mapwire_h_test.cc) in C++. */
#include <net/mapwire.h>
#include <net/netmap_user.h>
#include <stdio.h>
#include <string.h>

static union {
  uint8_t bytes[256];
  uint64_t aligned[32];
} shared;

static int failures;

static void expect(int condition, const char* what) {
  if (!condition) {
    ++failures;
    fprintf(stderr, "expected: %s\n", what);
  }
}

int main(void) {
  const struct netmap_ring* ring = (const struct netmap_ring*)(const void*)&shared;
  const struct mapwire_report* report;
  uint32_t words[4] = {MAPWIRE_REPORT_MAGIC, MAPWIRE_RULE_HEAD_WINDOW, 7, 3};
  uint64_t value = 600;

  expect(mapwire_report_of(ring) == NULL, "no report without the magic");
  memcpy(shared.bytes + 72, words, sizeof(words));
  memcpy(shared.bytes + 88, &value, sizeof(value));
  expect(memcmp(shared.bytes + 72, "MWR1", 4) == 0, "the magic reads MWR1");
  report = mapwire_report_of(ring);
  expect(report != NULL, "a report with the magic");
  if (report != NULL) {
    expect(report->rule == MAPWIRE_RULE_HEAD_WINDOW, "the rule");
    expect(report->slot == 7 && report->count == 3 && report->value == 600, "the numbers");
    expect(strcmp(mapwire_rule_name(report->rule), "head-window") == 0, "the name");
  }
  expect(strcmp(mapwire_rule_name(MAPWIRE_RULES), "unknown") == 0, "a newer rule has no name");
  expect(strcmp(mapwire_rule_name(~(uint32_t)0), "unknown") == 0, "nor has any other number");
  return failures != 0;
}
