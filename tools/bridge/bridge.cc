// bridge: passes what comes on one netmap port to another, both ways, until SIGINT; with one name,
// between a card and the host it is in. bridge(8) is the page of it.
#include <net/netmap_user.h>
#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdarg>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include "tools/libnetmap/libnetmap.h"

namespace {

constexpr uint32_t kDefaultBurst = 1024;
constexpr uint32_t kMaxBurst = 8192;
constexpr int kDefaultWait = 4;
constexpr int kMaxWait = 100;
constexpr int kPollMs = 2500;

volatile sig_atomic_t stopped = 0;

void Stop(int) { stopped = 1; }

// Lines of progress go to standard error, each with the time, as netmap's tools have them.
[[gnu::format(printf, 1, 2)]] void Say(const char* format, ...) {
  timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  std::fprintf(stderr, "%03ld.%06ld main ", static_cast<long>(now.tv_sec % 1000),
               now.tv_nsec / 1000);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
}

struct Options {
  std::string ports[2];
  int names = 0;  // given
  uint32_t burst = kDefaultBurst;
  int wait = kDefaultWait;
  bool copy = false;
  bool loop = false;
  bool verbose = false;
};

[[noreturn]] void Usage(int status) {
  std::fprintf(status == 0 ? stdout : stderr,
               "usage: bridge [-hvcL] [-i ifa [-i ifb]] [-b burst] [-w secs] [ifa [ifb [burst]]]\n"
               "  -h  this text\n"
               "  -v  a line for every poll\n"
               "  -c  copy, even between ports that share their memory\n"
               "  -L  with one interface: send back what comes, instead of passing it to the host\n"
               "  -i  an interface: netmap:NAME, netmap:NAME^ (its host rings), NAME-RING ...\n"
               "  -b  slots moved at once, 1 to 8192; 1024 if not given or out of range\n"
               "  -w  seconds to wait for the links; 4 if not given or above 100\n");
  std::exit(status);
}

std::string PortName(const char* name) {
  const bool has_prefix = std::strncmp(name, "netmap:", 7) == 0 ||
                          std::strncmp(name, NM_BDG_NAME, std::strlen(NM_BDG_NAME)) == 0;
  return has_prefix ? name : std::string("netmap:") + name;
}

void AddPort(Options& options, const char* name) {
  if (options.names == 2) {
    std::fprintf(stderr, "bridge: a third interface: %s\n", name);
    Usage(1);
  }
  options.ports[options.names++] = PortName(name);
}

uint32_t Number(const char* text) { return static_cast<uint32_t>(std::strtoul(text, nullptr, 10)); }

Options Parse(int argc, char** argv) {
  Options options;
  for (int c; (c = getopt(argc, argv, "hvcLi:b:w:")) != -1;) {
    switch (c) {
      case 'h':
        Usage(0);
      case 'v':
        options.verbose = true;
        break;
      case 'c':
        options.copy = true;
        break;
      case 'L':
        options.loop = true;
        break;
      case 'i':
        AddPort(options, optarg);
        break;
      case 'b':
        options.burst = Number(optarg);
        break;
      case 'w':
        options.wait = static_cast<int>(Number(optarg));
        break;
      default:
        Usage(1);
    }
  }
  for (; optind < argc && options.names < 2; ++optind) AddPort(options, argv[optind]);
  if (optind < argc) options.burst = Number(argv[optind++]);
  if (optind < argc || options.names == 0) {
    std::fprintf(stderr, "bridge: %s\n", options.names == 0 ? "no interface" : "too many words");
    Usage(1);
  }
  if (options.burst < 1 || options.burst > kMaxBurst) options.burst = kDefaultBurst;
  if (options.wait < 0 || options.wait > kMaxWait) options.wait = kDefaultWait;
  if (options.names == 1) {
    options.ports[1] = options.ports[0];
    if (!options.loop) options.ports[0] += "^";
  }
  return options;
}

// One of the two, as the bridge sees it.
struct Port {
  explicit Port(nmport_d* d) : descriptor(d) {
    for (unsigned i = d->first_rx_ring; i <= d->last_rx_ring; ++i) {
      rx.push_back(NETMAP_RXRING(d->nifp, i));
    }
    for (unsigned i = d->first_tx_ring; i <= d->last_tx_ring; ++i) {
      tx.push_back(NETMAP_TXRING(d->nifp, i));
    }
  }
  static uint32_t Slots(const std::vector<netmap_ring*>& rings) {
    uint32_t slots = 0;
    for (netmap_ring* const ring : rings) slots += nm_ring_space(ring);
    return slots;
  }

  nmport_d* descriptor;
  std::vector<netmap_ring*> rx;
  std::vector<netmap_ring*> tx;
};

// At most `limit` slots from one ring to another.
void MoveSlots(netmap_ring* from, netmap_ring* to, uint32_t limit, bool swap) {
  limit = std::min({limit, nm_ring_space(from), nm_ring_space(to)});
  uint32_t head = from->head;
  uint32_t place = to->head;
  for (; limit > 0; --limit) {
    netmap_slot& source = from->slot[head];
    netmap_slot& sink = to->slot[place];
    if (swap) {
      std::swap(source.buf_idx, sink.buf_idx);
      source.flags |= NS_BUF_CHANGED;
      sink.flags = NS_BUF_CHANGED;
      sink.len = source.len;
    } else {
      const uint32_t length = std::min<uint32_t>(source.len, to->nr_buf_size);
      nm_pkt_copy(NETMAP_BUF(from, source.buf_idx), NETMAP_BUF(to, sink.buf_idx),
                  static_cast<int>(length));
      sink.flags = 0;
      sink.len = static_cast<uint16_t>(length);
    }
    sink.flags = static_cast<uint16_t>(sink.flags | (source.flags & NS_MOREFRAG));
    head = nm_ring_next(from, head);
    place = nm_ring_next(to, place);
  }
  from->head = from->cur = head;
  to->head = to->cur = place;
}

void Move(Port& from, Port& to, const Options& options, bool swap) {
  size_t sink = 0;
  for (netmap_ring* const ring : from.rx) {
    while (nm_ring_space(ring) > 0 && sink < to.tx.size()) {
      if (nm_ring_space(to.tx[sink]) == 0) {
        ++sink;
      } else {
        MoveSlots(ring, to.tx[sink], options.burst, swap);
      }
    }
  }
}

void TellError(int i, const Port& port) {
  const netmap_ring* const ring = port.rx[0];
  Say("error on fd%d, rx [%u,%u,%u)", i, ring->head, ring->cur, ring->tail);
}

void Run(Port (&ports)[2], const Options& options, bool swap) {
  while (!stopped) {
    pollfd fds[2] = {{ports[0].descriptor->fd, 0, 0}, {ports[1].descriptor->fd, 0, 0}};
    uint32_t waiting[2];
    for (int i = 0; i < 2; ++i) {
      waiting[i] = Port::Slots(ports[i].rx);
      // What is there already only needs a place to go to.
      if (waiting[i] != 0) {
        fds[1 - i].events |= POLLOUT;
      } else {
        fds[i].events |= POLLIN;
      }
    }
    const int count = poll(fds, 2, kPollMs);
    if (count < 0 && errno != EINTR) {
      Say("poll: %s", std::strerror(errno));
      return;
    }
    if (count <= 0 || options.verbose) {
      Say("poll %s [0] ev %x %x rx %u@%u tx %u, [1] ev %x %x rx %u@%u tx %u",
          count <= 0 ? "timeout" : "ok", fds[0].events, fds[0].revents, Port::Slots(ports[0].rx),
          ports[0].rx[0]->cur, Port::Slots(ports[0].tx), fds[1].events, fds[1].revents,
          Port::Slots(ports[1].rx), ports[1].rx[0]->cur, Port::Slots(ports[1].tx));
    }
    if (count <= 0) continue;
    for (int i = 0; i < 2; ++i) {
      if ((fds[i].revents & POLLERR) == 0) continue;
      TellError(i, ports[i]);
      // A card that is gone says so at once, for ever.
      usleep(100'000);
    }
    for (int i = 0; i < 2; ++i) {
      if ((fds[1 - i].revents & POLLOUT) != 0) Move(ports[i], ports[1 - i], options, swap);
    }
  }
}

nmport_d* Open(const std::string& name) {
  nmport_d* const descriptor = nmport_open(name.c_str());
  if (descriptor == nullptr) {
    std::fprintf(stderr, "bridge: cannot open %s: %s\n", name.c_str(), std::strerror(errno));
  }
  return descriptor;
}

}  // namespace

int main(int argc, char** argv) {
  const Options options = Parse(argc, argv);
  struct sigaction action {};
  action.sa_handler = Stop;
  sigaction(SIGINT, &action, nullptr);
  nmport_d* const a = Open(options.ports[0]);
  if (a == nullptr) return 1;
  nmport_d* const b = Open(options.ports[1]);
  if (b == nullptr) {
    nmport_close(a);
    return 1;
  }
  Port ports[2] = {Port(a), Port(b)};
  for (const Port& port : ports) {
    if (!port.rx.empty() && !port.tx.empty()) continue;
    std::fprintf(stderr, "bridge: a port needs rings of both directions\n");
    return 1;
  }
  const bool shared = a->reg.nr_mem_id == b->reg.nr_mem_id;
  Say("------- zerocopy %ssupported", shared ? "" : "NOT ");
  Say("Wait %d secs for link to come up...", options.wait);
  for (int waited = 0; waited < options.wait && !stopped; ++waited) sleep(1);
  Say("Ready to go, %s 0x%x/%u <-> %s 0x%x/%u.", options.ports[0].c_str(), a->first_rx_ring,
      a->reg.nr_rx_rings, options.ports[1].c_str(), b->first_rx_ring, b->reg.nr_rx_rings);
  Run(ports, options, shared && !options.copy);
  nmport_close(b);
  nmport_close(a);
  return 0;
}
