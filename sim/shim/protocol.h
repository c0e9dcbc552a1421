// What the shim in a program and the world server say to each other.
//
// Two kinds of Unix socket, both SOCK_SEQPACKET:
//  - A *channel*, one per thread of a program that uses the world. The thread sends a request and
//    waits; the server may ask for bytes of the program's memory, or for bytes to be put there,
//    before it replies. Only kCancel may be sent while a request is under way.
//  - A *descriptor*, one per open /dev/netmap: it is what open() gives the program. Nothing is ever
//    sent over it. It can be duplicated, inherited and passed on like any file; when the last copy
//    is closed, however that comes about, the server sees the other end hang up.
// In real time a channel comes with a *call page*, memory that both map. Short requests go over it,
// and as long as both sides are awake neither makes a system call for them; see CallPage.
// A program that has a descriptor may use it on any channel: it shows it to the server once
// (kAttach) and gets a handle, good on that channel alone.
//
// The server believes nothing that arrives here: lengths, handles and kinds are checked, and who
// breaks these rules loses the channel.
#ifndef SIM_SHIM_PROTOCOL_H_
#define SIM_SHIM_PROTOCOL_H_

#include <atomic>
#include <cstddef>
#include <cstdint>

namespace mapwire::sim::remote {

inline constexpr uint32_t kVersion = 3;
inline constexpr size_t kMaxText = 64;     // with the terminating zero
inline constexpr size_t kMaxData = 4096;   // bytes of one copy
inline constexpr size_t kMaxPolled = 256;  // descriptors of one poll

enum class Op : uint32_t {
  // --- From the program -------------------------------------------------------------------------
  kHello =
      1,    // first of all. value[0] version; data: struct Hello; reply: 0 and struct Welcome, or
            // -EPROTO (another version), -ENODEV (no such host), -EUSERS (too many programs); in
            // real time the descriptor of the call page comes with it
  kOpen,    // reply: a descriptor comes with it, result is its handle
  kAttach,  // with a descriptor; reply: handle, or -ENOTTY: it is none of this world
  kForget,  // handle: this channel uses it no more
  kIoctl,   // handle, value[0] request, value[1] address of the argument; reply: 0 or -errno
  kMap,     // handle, value[0] bytes, value[1] offset; reply: 0 with a memfd, or -errno
  kPoll,    // value[0] timeout in ms or -1, value[1] a name for kCancel; data: PollEntry[]; reply:
            // number ready, or -errno, and the entries
  kSleep,   // value[0] nanoseconds, value[1] a name for kCancel; reply: 0, or -EINTR
  kClock,   // nothing but what the header tells: lets the others run
  kThread,  // with the server's end of a new channel, for a thread about to begin; reply: its
            // number
  kJoin,  // value[0] number of a thread, value[1] a name for kCancel; reply: 0 when its channel is
          // closed
  kInterface,  // data: a name; reply: 0 and struct Interface, or -ENODEV
  kCancel,     // value[0] the name of the request: ends kPoll, kSleep and kJoin early, with -EINTR
               // unless there is a result; no reply. One for a request that is over means nothing:
               // what comes by the page may overtake it
  kLook,       // a request is in the call page; no reply of its own
  kCopied,     // answers kCopyIn and kCopyOut: value[0] is 0 or EFAULT; data of kCopyIn
  // --- From the server --------------------------------------------------------------------------
  kReply = 100,
  kCopyIn,   // value[0] address, value[1] bytes
  kCopyOut,  // value[0] address; data
};

// Starts every message; what follows is `bytes` bytes of data.
struct Header {
  Op op;
  uint32_t handle;
  uint32_t bytes;
  uint32_t clock_reads;  // of a request: how often the program read the clock since the last one
  int64_t result;        // of kReply
  int64_t now;           // of kReply: the world's clock in nanoseconds
  uint64_t value[2];
};

struct Message {
  Header header;
  uint8_t data[kMaxData];
};

struct Hello {
  char host[kMaxText];     // empty: the world's first
  char program[kMaxText];  // for people
};

// What the reply to kHello tells.
struct Welcome {
  uint32_t virtual_time;   // 1: the program's clock is the world's
  uint32_t clock_read_ns;  // what reading it costs, in virtual time
};

// The event bits of poll().
struct PollEntry {
  uint32_t handle;
  int16_t events;
  int16_t revents;
};

struct Interface {
  uint32_t index;
  uint32_t flags;  // IFF_*
  uint32_t mtu;
  uint8_t mac[6];
  uint8_t reserved[2];
};

static_assert(sizeof(PollEntry) * kMaxPolled <= kMaxData);

// Where the request of a call page stands. The program moves it from kIdle to kPosted when the
// request is there, and from kPosted to kAsleep when it waits on its channel instead; the server
// answers kPosted with kAnswered, and kAsleep with kIdle and a message. The program alone moves
// kAnswered to kIdle, when it has taken the reply.
enum class CallState : uint32_t { kIdle, kPosted, kAsleep, kAnswered };

inline constexpr size_t kCallData = 64;

// Starts a page of its own. Each side reads what the other wrote once and believes none of it.
struct CallPage {
  std::atomic<CallState> state;
  // The server's: 1 while it sleeps, and must be sent kLook after kPosted.
  std::atomic<uint32_t> server_sleeps;
  Header header;  // of the request, then of the reply
  uint8_t data[kCallData];
};
inline constexpr size_t kCallPageBytes = 4096;
static_assert(sizeof(CallPage) <= kCallPageBytes);
static_assert(std::atomic<CallState>::is_always_lock_free);

// Names of the variables a program is started with.
inline constexpr char kSocketVariable[] = "MAPWIRE_SOCKET";  // path of the world's socket
inline constexpr char kHostVariable[] = "MAPWIRE_HOST";      // host the program runs on

}  // namespace mapwire::sim::remote

#endif  // SIM_SHIM_PROTOCOL_H_
