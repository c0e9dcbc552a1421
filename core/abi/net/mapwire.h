/* SPDX-License-Identifier: BSD-2-Clause OR GPL-2.0-only */
/*
 * net/mapwire.h: what Mapwire tells a program beyond the netmap interface, in C and C++.
 *
 * Each ring carries a report of what was refused last, in bytes that struct netmap_ring leaves
 * unused. A program that got POLLERR, or a ring whose head moved back, finds here why:
 *
 *   const struct mapwire_report* report = mapwire_report_of(ring);
 *   if (report != NULL && report->count != seen) {
 *     seen = report->count;
 *     fprintf(stderr, "ring %u: %s at slot %u (%llu)\n", ring->ringid,
 *             mapwire_rule_name(report->rule), report->slot, (unsigned long long)report->value);
 *   }
 *
 * The kernel writes the report in a sync, like the ring's tail, and never reads it back.
 */
#ifndef MAPWIRE_NET_MAPWIRE_H_
#define MAPWIRE_NET_MAPWIRE_H_

#include <stddef.h>
#include <stdint.h>

struct netmap_ring; /* of <net/netmap.h> */

/* Where the report is, in bytes from the start of the ring. */
#define MAPWIRE_REPORT_OFFSET 72
/* mapwire_report.magic: "MWR1" in memory. Another netmap leaves 0 there. */
#define MAPWIRE_REPORT_MAGIC 0x3152574dU

/* mapwire_report.rule. Numbers keep their meaning; new ones are appended. */
enum {
  /* Nothing was refused yet. */
  MAPWIRE_RULE_NONE = 0,
  /* head is not below num_slots. */
  MAPWIRE_RULE_HEAD_RANGE = 1,
  /* head moved backwards or past tail. */
  MAPWIRE_RULE_HEAD_WINDOW = 2,
  /* cur is not below num_slots. */
  MAPWIRE_RULE_CUR_RANGE = 3,
  /* cur is not between head and tail. */
  MAPWIRE_RULE_CUR_WINDOW = 4,
  /* A slot names no usable buffer: reserved, out of range or not present. */
  MAPWIRE_RULE_BUFFER_INDEX = 5,
  /* A slot is longer than its buffer; it was cut. */
  MAPWIRE_RULE_LENGTH = 6,
  /* A frame to send has a fragment without bytes. */
  MAPWIRE_RULE_LENGTH_ZERO = 7,
  /* head stands inside a frame of several slots. */
  MAPWIRE_RULE_FRAME_UNFINISHED = 8,
  /* A frame has more slots than the device can take. */
  MAPWIRE_RULE_FRAME_FRAGMENTS = 9,
  /* A frame is longer than the device can send. */
  MAPWIRE_RULE_FRAME_LENGTH = 10,
  /* A slot's offset is above the maximum declared; it was cut. */
  MAPWIRE_RULE_OFFSET = 11,
  /* The device reported more bytes than the buffer holds; cut. */
  MAPWIRE_RULE_DEVICE_LENGTH = 12,
  /* The device reported an index outside what it was given. */
  MAPWIRE_RULE_DEVICE_INDEX = 13,
  /* A list of extra buffers names something it must not, or a cycle. */
  MAPWIRE_RULE_EXTRA_LIST = 14,
  /* How many there are. */
  MAPWIRE_RULES
};

struct mapwire_report {
  /* MAPWIRE_REPORT_MAGIC. */
  uint32_t magic;
  /* The rule that was broken last, MAPWIRE_RULE_*. */
  uint32_t rule;
  /* The slot it was about; for head and cur the position the kernel holds instead. */
  uint32_t slot;
  /* Violations since the ring was made, of any rule, modulo 2^32. Written last. */
  uint32_t count;
  /* What was found: the index, the length, ... */
  uint64_t value;
};

/* The report of a ring; NULL if the kernel it comes from keeps none. */
static inline const struct mapwire_report* mapwire_report_of(const struct netmap_ring* ring) {
  const struct mapwire_report* report =
      (const struct mapwire_report*)((const char*)ring + MAPWIRE_REPORT_OFFSET);
  return report->magic == MAPWIRE_REPORT_MAGIC ? report : NULL;
}

/* A short lower-case name of a rule, such as "head-window"; "unknown" for one of a newer kernel. */
static inline const char* mapwire_rule_name(uint32_t rule) {
  static const char* const names[] = {
      "none",         "head-range", "head-window",   "cur-range",        "cur-window",
      "buffer-index", "length",     "length-zero",   "frame-unfinished", "frame-fragments",
      "frame-length", "offset",     "device-length", "device-index",     "extra-list",
  };
  return rule < MAPWIRE_RULES ? names[rule] : "unknown";
}

#endif /* MAPWIRE_NET_MAPWIRE_H_ */
