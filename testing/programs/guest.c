// A netmap program like any other, in many small parts: each says on stdout what went wrong, and
// ends with status 1 if something did. Knows nothing of worlds and shims.
#define _GNU_SOURCE
#define NETMAP_WITH_LIBS
#include <errno.h>
#include <fcntl.h>
#include <net/netmap_user.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXPECT(condition)                                                                   \
  do {                                                                                      \
    if (!(condition)) {                                                                     \
      printf("line %d: %s (errno %d, %s)\n", __LINE__, #condition, errno, strerror(errno)); \
      exit(1);                                                                              \
    }                                                                                       \
  } while (0)

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

// Opens sim0, for itself alone with NR_EXCLUSIVE: -1 and errno, or the descriptor.
static int Bind(uint64_t flags, struct nmreq_register* reg) {
  const int fd = open("/dev/netmap", O_RDWR);
  if (fd < 0) return -1;
  struct nmreq_header header;
  memset(&header, 0, sizeof(header));
  memset(reg, 0, sizeof(*reg));
  header.nr_version = NETMAP_API;
  header.nr_reqtype = NETMAP_REQ_REGISTER;
  header.nr_body = (uintptr_t)reg;
  strcpy(header.nr_name, "sim0");
  reg->nr_mode = NR_REG_ALL_NIC;
  reg->nr_flags = flags;
  if (ioctl(fd, NIOCCTRL, &header) == 0) return fd;
  const int error = errno;
  close(fd);
  errno = error;
  return -1;
}

// True if nobody else has sim0 within three seconds.
static int BecomesFree(void) {
  for (int i = 0; i < 300; ++i) {
    struct nmreq_register reg;
    const int fd = Bind(NR_EXCLUSIVE, &reg);
    if (fd >= 0) {
      close(fd);
      return 1;
    }
    if (errno != EBUSY) return 0;
    usleep(10000);
  }
  return 0;
}

static int IsTaken(void) {
  struct nmreq_register reg;
  return Bind(NR_EXCLUSIVE, &reg) < 0 && errno == EBUSY;
}

// --- Traffic -------------------------------------------------------------------------------------

// Frames that carry their number.
static int Send(long count) {
  struct nm_desc* const port = nm_open("netmap:sim0", NULL, 0, NULL);
  EXPECT(port != NULL);
  unsigned char frame[60];
  memset(frame, 0, sizeof(frame));
  memset(frame, 0xff, 6);
  frame[12] = 0x88;
  frame[13] = 0xb5;
  struct pollfd pfd = {.fd = port->fd, .events = POLLOUT};
  struct netmap_ring* const ring = NETMAP_TXRING(port->nifp, 0);
  const double start = Now();
  for (long sent = 0; sent < count;) {
    const int ready = poll(&pfd, 1, 5000);
    if (ready < 0 && errno == EINTR) continue;
    EXPECT(ready == 1 && (pfd.revents & POLLERR) == 0);
    for (; !nm_ring_empty(ring) && sent < count; ++sent) {
      struct netmap_slot* const slot = &ring->slot[ring->head];
      memcpy(frame + 14, &sent, sizeof(sent));
      nm_pkt_copy(frame, NETMAP_BUF(ring, slot->buf_idx), sizeof(frame));
      slot->len = sizeof(frame);
      ring->head = ring->cur = nm_ring_next(ring, ring->head);
    }
  }
  while (nm_tx_pending(ring)) {
    EXPECT(ioctl(port->fd, NIOCTXSYNC) == 0);
    usleep(50);
  }
  printf("sent %ld in %.9f s\n", count, Now() - start);
  nm_close(port);
  return 0;
}

// Until `count` frames came, or none for idle_ms: numbers must rise.
static int Receive(long count, int idle_ms) {
  struct nm_desc* const port = nm_open("netmap:sim0", NULL, 0, NULL);
  EXPECT(port != NULL);
  printf("ready\n");
  fflush(stdout);
  struct pollfd pfd = {.fd = port->fd, .events = POLLIN};
  long received = 0;
  long last = -1;
  const double start = Now();
  while (received < count) {
    const int ready = poll(&pfd, 1, idle_ms);
    if (ready < 0 && errno == EINTR) continue;
    EXPECT(ready >= 0 && (pfd.revents & POLLERR) == 0);
    if (ready == 0) break;
    for (int i = port->first_rx_ring; i <= port->last_rx_ring; ++i) {
      struct netmap_ring* const ring = NETMAP_RXRING(port->nifp, i);
      for (; !nm_ring_empty(ring); ++received) {
        const struct netmap_slot* const slot = &ring->slot[ring->head];
        long number;
        memcpy(&number, NETMAP_BUF(ring, slot->buf_idx) + 14, sizeof(number));
        EXPECT(slot->len == 60);
        EXPECT(number > last || number == 0);  // 0: another sender
        last = number;
        ring->head = ring->cur = nm_ring_next(ring, ring->head);
      }
    }
  }
  printf("received %ld in %.9f s\n", received, Now() - start);
  nm_close(port);
  return 0;
}

// --- Descriptors ---------------------------------------------------------------------------------

static int Errors(void) {
  struct nmreq_register reg;
  const int unbound = open("/dev/netmap", O_RDWR | O_CLOEXEC);
  EXPECT(unbound >= 0);
  EXPECT((fcntl(unbound, F_GETFD) & FD_CLOEXEC) != 0);
  EXPECT(mmap(NULL, 4096, PROT_READ, MAP_SHARED, unbound, 0) == MAP_FAILED && errno == EINVAL);
  EXPECT(ioctl(unbound, NIOCTXSYNC) == -1 && errno == ENXIO);
  EXPECT(ioctl(unbound, NIOCCTRL, (void*)8) == -1 && errno == EFAULT);
  EXPECT(ioctl(unbound, 0xdeadbeef, NULL) == -1 && errno == EOPNOTSUPP);
  struct pollfd pfd = {.fd = unbound, .events = POLLIN};
  EXPECT(poll(&pfd, 1, 0) == 1 && pfd.revents == POLLERR);
  EXPECT(close(unbound) == 0);
  EXPECT(ioctl(unbound, NIOCTXSYNC) == -1 && errno == EBADF);
  const int fd = Bind(NR_EXCLUSIVE, &reg);
  EXPECT(fd >= 0);
  EXPECT((fcntl(fd, F_GETFD) & FD_CLOEXEC) == 0);
  EXPECT(mmap(NULL, reg.nr_memsize + 4096, PROT_READ, MAP_SHARED, fd, 0) == MAP_FAILED);
  EXPECT(errno == EINVAL);
  EXPECT(IsTaken());
  close(fd);
  EXPECT(BecomesFree());
  // Nothing but /dev/netmap is another's.
  EXPECT(open("/dev/netmap/x", O_RDWR) == -1);
  const int null = open("/dev/null", O_RDWR);
  EXPECT(null >= 0 && write(null, "x", 1) == 1 && close(null) == 0);
  return 0;
}

static int Duplicate(void) {
  struct nmreq_register reg;
  const int fd = Bind(NR_EXCLUSIVE, &reg);
  EXPECT(fd >= 0);
  const int second = dup(fd);
  EXPECT(second >= 0 && close(fd) == 0);
  EXPECT(ioctl(second, NIOCTXSYNC) == 0);
  EXPECT(dup2(second, 99) == 99 && close(second) == 0);
  EXPECT(ioctl(99, NIOCRXSYNC) == 0);
  EXPECT(IsTaken());
  EXPECT(close(99) == 0);
  EXPECT(BecomesFree());
  return 0;
}

static int Fork(void) {
  struct nmreq_register reg;
  const int fd = Bind(NR_EXCLUSIVE, &reg);
  EXPECT(fd >= 0);
  char* const base = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  EXPECT(base != MAP_FAILED);
  struct netmap_if* const interface = NETMAP_IF(base, reg.nr_offset);
  int go[2];
  EXPECT(pipe(go) == 0);
  const pid_t child = fork();
  if (child == 0) {
    char byte;
    close(go[1]);
    EXPECT(read(go[0], &byte, 1) == 0);  // the parent has closed
    struct netmap_ring* const ring = NETMAP_TXRING(interface, 0);
    ring->slot[ring->head].len = 60;
    ring->head = ring->cur = nm_ring_next(ring, ring->head);
    EXPECT(ioctl(fd, NIOCTXSYNC) == 0);
    EXPECT(IsTaken());
    exit(0);
  }
  EXPECT(munmap(base, reg.nr_memsize) == 0);
  EXPECT(close(fd) == 0);
  EXPECT(IsTaken());
  close(go[0]);
  close(go[1]);
  int status;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  EXPECT(BecomesFree());
  return 0;
}

static int Pass(void) {
  int ends[2];
  EXPECT(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
  const pid_t child = fork();
  char control[CMSG_SPACE(sizeof(int))];
  char byte = 'x';
  struct iovec part = {&byte, 1};
  struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1, .msg_control = control};
  message.msg_controllen = sizeof(control);
  if (child == 0) {
    close(ends[0]);
    EXPECT(recvmsg(ends[1], &message, 0) == 1);
    int fd;
    memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&message)), sizeof(fd));
    EXPECT(ioctl(fd, NIOCRXSYNC) == 0);
    void* const base = mmap(NULL, 4096, PROT_READ, MAP_SHARED, fd, 0);
    EXPECT(base != MAP_FAILED);
    EXPECT(strcmp(((struct netmap_if*)base)->ni_name, "sim0") == 0);
    EXPECT(read(ends[1], &byte, 1) == 0);  // the other has closed
    EXPECT(ioctl(fd, NIOCRXSYNC) == 0 && IsTaken());
    exit(0);
  }
  close(ends[1]);
  struct nmreq_register reg;
  const int fd = Bind(NR_EXCLUSIVE, &reg);
  EXPECT(fd >= 0 && reg.nr_offset == 0);
  memset(control, 0, sizeof(control));
  struct cmsghdr* const rights = CMSG_FIRSTHDR(&message);
  rights->cmsg_level = SOL_SOCKET;
  rights->cmsg_type = SCM_RIGHTS;
  rights->cmsg_len = CMSG_LEN(sizeof(int));
  memcpy(CMSG_DATA(rights), &fd, sizeof(int));
  EXPECT(sendmsg(ends[0], &message, 0) == 1);
  close(fd);
  EXPECT(IsTaken());
  close(ends[0]);
  int status;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  EXPECT(BecomesFree());
  return 0;
}

static int Exec(const char* self) {
  struct nmreq_register reg;
  const int fd = Bind(NR_EXCLUSIVE, &reg);
  EXPECT(fd >= 0);
  char number[16];
  snprintf(number, sizeof(number), "%d", fd);
  execl(self, self, "inherited", number, (char*)NULL);
  return 1;
}

static int Inherited(int fd) {
  struct pollfd pfd = {.fd = fd, .events = POLLOUT};
  EXPECT(poll(&pfd, 1, 1000) == 1 && pfd.revents == POLLOUT);
  EXPECT(ioctl(fd, NIOCTXSYNC) == 0);
  EXPECT(IsTaken());
  close(fd);
  EXPECT(BecomesFree());
  return 0;
}

static int MappingOutlivesDescriptor(void) {
  struct nmreq_register reg;
  const int fd = Bind(NR_EXCLUSIVE, &reg);
  EXPECT(fd >= 0);
  char* const base = mmap(NULL, reg.nr_memsize, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  EXPECT(base != MAP_FAILED);
  close(fd);
  usleep(20000);
  EXPECT(IsTaken());
  EXPECT(munmap(base, reg.nr_memsize) == 0);
  EXPECT(BecomesFree());
  return 0;
}

// --- Waiting -------------------------------------------------------------------------------------

static void Ignore(int signal) { (void)signal; }

static int Waiting(void) {
  struct nmreq_register reg;
  const int fd = Bind(0, &reg);
  EXPECT(fd >= 0);
  int pipe_ends[2];
  EXPECT(pipe(pipe_ends) == 0);

  // Nothing comes: time passes.
  struct pollfd fds[] = {{.fd = fd, .events = POLLIN}, {.fd = pipe_ends[0], .events = POLLIN}};
  double start = Now();
  EXPECT(poll(fds, 1, 30) == 0 && Now() - start >= 0.029);
  EXPECT(poll(fds, 2, 30) == 0 && Now() - start >= 0.058);
  // What comes elsewhere ends it.
  EXPECT(write(pipe_ends[1], "x", 1) == 1);
  EXPECT(poll(fds, 2, -1) == 1 && fds[0].revents == 0 && fds[1].revents == POLLIN);
  fds[0].events = POLLIN | POLLOUT;
  EXPECT(poll(fds, 2, -1) == 2 && fds[0].revents == POLLOUT && fds[1].revents == POLLIN);
  char byte;
  EXPECT(read(pipe_ends[0], &byte, 1) == 1);
  const pid_t child = fork();
  if (child == 0) {
    struct timespec some = {0, 50000000};
    nanosleep(&some, NULL);
    EXPECT(write(pipe_ends[1], "y", 1) == 1);
    _exit(0);
  }
  fds[0].events = POLLIN;
  EXPECT(poll(fds, 2, 5000) == 1 && fds[1].revents == POLLIN);
  EXPECT(waitpid(child, NULL, 0) == child);
  // A bad descriptor is told.
  struct pollfd bad[] = {{.fd = fd, .events = POLLOUT}, {.fd = 77, .events = POLLIN}};
  EXPECT(poll(bad, 2, 1000) == 2 && bad[1].revents == POLLNVAL && bad[0].revents == POLLOUT);

  fd_set readable, writable;
  FD_ZERO(&readable);
  FD_ZERO(&writable);
  FD_SET(fd, &readable);
  FD_SET(fd, &writable);
  FD_SET(pipe_ends[0], &readable);
  struct timeval soon = {1, 0};
  EXPECT(select(fd > pipe_ends[0] ? fd + 1 : pipe_ends[0] + 1, &readable, &writable, NULL, &soon) ==
         2);
  EXPECT(!FD_ISSET(fd, &readable) && FD_ISSET(fd, &writable) && FD_ISSET(pipe_ends[0], &readable));
  const struct timespec at_once = {0, 0};
  EXPECT(ppoll(bad, 1, &at_once, NULL) == 1);

  const int epoll = epoll_create1(EPOLL_CLOEXEC);
  struct epoll_event event = {.events = EPOLLOUT, .data = {.u64 = 7}};
  EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == 0);
  EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) == -1 && errno == EEXIST);
  event = (struct epoll_event){.events = EPOLLIN, .data = {.u64 = 8}};
  EXPECT(epoll_ctl(epoll, EPOLL_CTL_ADD, pipe_ends[0], &event) == 0);
  struct epoll_event events[4];
  EXPECT(epoll_wait(epoll, events, 4, 1000) == 2);
  EXPECT(events[0].data.u64 + events[1].data.u64 == 15);
  EXPECT(read(pipe_ends[0], &byte, 1) == 1);
  event = (struct epoll_event){.events = EPOLLIN, .data = {.u64 = 9}};
  EXPECT(epoll_ctl(epoll, EPOLL_CTL_MOD, fd, &event) == 0);
  EXPECT(epoll_wait(epoll, events, 4, 20) == 0);
  EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == 0);
  EXPECT(epoll_ctl(epoll, EPOLL_CTL_DEL, fd, NULL) == -1 && errno == ENOENT);

  // A signal ends it.
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = Ignore;
  sigaction(SIGUSR1, &action, NULL);
  const pid_t parent = getpid();
  const pid_t killer = fork();
  if (killer == 0) {
    usleep(50000);
    kill(parent, SIGUSR1);
    _exit(0);
  }
  EXPECT(poll(fds, 1, 5000) == -1 && errno == EINTR);
  EXPECT(waitpid(killer, NULL, 0) == killer);
  EXPECT(ioctl(fd, NIOCRXSYNC) == 0);
  return 0;
}

static volatile sig_atomic_t g_alarms;

static void CountAlarm(int signal) {
  (void)signal;
  ++g_alarms;
}

// A signal that is let in by ppoll ends it, whenever it comes: while the thread still looks for an
// answer and when it sleeps. Each wait would be two seconds long.
static int Signals(void) {
  struct nmreq_register reg;
  const int fd = Bind(0, &reg);
  EXPECT(fd >= 0);
  struct sigaction action;
  memset(&action, 0, sizeof(action));
  action.sa_handler = CountAlarm;
  sigaction(SIGALRM, &action, NULL);
  sigset_t blocked, open_mask;
  sigemptyset(&blocked);
  sigaddset(&blocked, SIGALRM);
  EXPECT(sigprocmask(SIG_BLOCK, &blocked, &open_mask) == 0);
  sigdelset(&open_mask, SIGALRM);
  struct pollfd pfd = {.fd = fd, .events = POLLIN};
  const double start = Now();
  for (int i = 0; i < 120; ++i) {
    // Long waits make the thread look for 5 us only; now and then it is told that they are short.
    for (int k = 0; k < 20; ++k) EXPECT(ioctl(fd, NIOCRXSYNC) == 0);
    const struct itimerval soon = {.it_value = {0, 1 + i * 5}};
    EXPECT(setitimer(ITIMER_REAL, &soon, NULL) == 0);
    const struct timespec two_seconds = {2, 0};
    const int before = g_alarms;
    if (i % 3 == 0) {
      fd_set readable;
      FD_ZERO(&readable);
      FD_SET(fd, &readable);
      EXPECT(pselect(fd + 1, &readable, NULL, NULL, &two_seconds, &open_mask) == -1);
    } else {
      EXPECT(ppoll(&pfd, 1, &two_seconds, &open_mask) == -1);
    }
    EXPECT(errno == EINTR && g_alarms == before + 1);
    // It ended that wait and no other.
    EXPECT(poll(&pfd, 1, 1) == 0);
  }
  EXPECT(Now() - start < 60);
  // The mask is as it was, and a signal that stays blocked ends nothing.
  const struct itimerval soon = {.it_value = {0, 1000}};
  EXPECT(setitimer(ITIMER_REAL, &soon, NULL) == 0);
  EXPECT(poll(&pfd, 1, 50) == 0 && g_alarms == 120);
  EXPECT(sigprocmask(SIG_SETMASK, &open_mask, NULL) == 0 && g_alarms == 121);
  // Without a mask one alone ends the wait it comes in. On a busy machine it may come before; the
  // wait is a tenth of a second then, which must be rare.
  int missed = 0;
  for (int i = 0; i < 60; ++i) {
    const struct itimerval once = {.it_value = {0, 30 + 2 * i}};
    EXPECT(setitimer(ITIMER_REAL, &once, NULL) == 0);
    const int ready = poll(&pfd, 1, 100);
    EXPECT(ready == 0 || (ready == -1 && errno == EINTR));
    missed += ready == 0;
  }
  printf("missed %d\n", missed);
  EXPECT(missed * 5 < 60);
  // A stream of them ends it, and what has a result has no EINTR.
  const struct itimerval stream = {{0, 300}, {0, 300}};
  EXPECT(setitimer(ITIMER_REAL, &stream, NULL) == 0);
  for (int i = 0; i < 50; ++i) EXPECT(poll(&pfd, 1, 5000) == -1 && errno == EINTR);
  pfd.events = POLLOUT;
  for (int i = 0; i < 200; ++i) EXPECT(poll(&pfd, 1, 0) == 1 && pfd.revents == POLLOUT);
  return 0;
}

// Syncs and polls of every kind on `fd`, one of another thread's or process's.
static void UseMuch(int fd) {
  struct pollfd pfd = {.fd = fd, .events = POLLOUT};
  for (int i = 0; i < 2000; ++i) {
    EXPECT(ioctl(fd, i % 2 == 0 ? NIOCTXSYNC : NIOCRXSYNC) == 0);
    pfd.events = POLLOUT;
    EXPECT(poll(&pfd, 1, -1) == 1 && pfd.revents == POLLOUT);
    pfd.events = POLLIN;
    EXPECT(poll(&pfd, 1, 0) == 0);
    if (i % 200 == 0) EXPECT(poll(&pfd, 1, 2) == 0);
  }
}

static void* AttachOnly(void* argument) {
  EXPECT(ioctl(*(int*)argument, NIOCTXSYNC) == 0);
  return NULL;
}

static void* UseMuchHere(void* argument) {
  UseMuch(*(int*)argument);
  return NULL;
}

// Threads have a way to the world each; a child of a fork gets its own, and its parent's stays.
static int Pages(void) {
  struct nmreq_register reg;
  int fd = Bind(0, &reg);
  EXPECT(fd >= 0);
  pthread_t threads[4];
  for (int i = 0; i < 4; ++i) EXPECT(pthread_create(&threads[i], NULL, UseMuchHere, &fd) == 0);
  UseMuch(fd);
  const pid_t child = fork();
  if (child == 0) {
    UseMuch(fd);
    exit(0);
  }
  UseMuch(fd);
  for (int i = 0; i < 4; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
  // Threads that have ended leave nothing behind.
  for (int i = 0; i < 300; ++i) {
    EXPECT(pthread_create(&threads[0], NULL, i % 100 == 0 ? UseMuchHere : AttachOnly, &fd) == 0);
    EXPECT(pthread_join(threads[0], NULL) == 0);
  }
  int status;
  EXPECT(waitpid(child, &status, 0) == child && status == 0);
  close(fd);
  EXPECT(BecomesFree());
  return 0;
}

static int Interfaces(void) {
  const int fd = socket(AF_INET, SOCK_DGRAM, 0);
  struct ifreq request;
  memset(&request, 0, sizeof(request));
  strcpy(request.ifr_name, "sim0");
  EXPECT(ioctl(fd, SIOCGIFMTU, &request) == 0 && request.ifr_mtu == 1500);
  EXPECT(ioctl(fd, SIOCGIFFLAGS, &request) == 0 && (request.ifr_flags & IFF_UP) != 0);
  EXPECT(ioctl(fd, SIOCSIFFLAGS, &request) == 0);
  EXPECT(ioctl(fd, SIOCGIFHWADDR, &request) == 0 && request.ifr_hwaddr.sa_data[0] == 2);
  strcpy(request.ifr_name, "sim7");
  EXPECT(ioctl(fd, SIOCGIFMTU, &request) == -1 && errno == ENODEV);
  return 0;
}

// --- Time of the world ---------------------------------------------------------------------------

static int Clocks(void) {
  const int fd = open("/dev/netmap", O_RDWR);
  EXPECT(fd >= 0);
  double start = Now();
  EXPECT(sleep(100) == 0);
  EXPECT(Now() - start >= 100 && Now() - start < 100.01);
  start = Now();
  EXPECT(usleep(1500) == 0 && poll(NULL, 0, 3) == 0);
  EXPECT(Now() - start >= 0.0045 && Now() - start < 0.0055);
  struct timespec until;
  clock_gettime(CLOCK_MONOTONIC, &until);
  until.tv_sec += 5;
  EXPECT(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL) == 0);
  EXPECT(Now() >= (double)until.tv_sec);
  // Who waits by looking at the clock comes to an end.
  start = Now();
  while (Now() - start < 0.002) {
  }
  struct timeval day;
  EXPECT(gettimeofday(&day, NULL) == 0);
  EXPECT(time(NULL) - day.tv_sec <= 1);
  printf("it is %.9f\n", Now());
  return 0;
}

struct Worker {
  int number;
  double woke[3];
};

static void* Work(void* argument) {
  struct Worker* const worker = argument;
  for (int i = 0; i < 3; ++i) {
    usleep((useconds_t)(1000 + 100 * worker->number));
    worker->woke[i] = Now();
  }
  return NULL;
}

static int Threads(void) {
  const int fd = open("/dev/netmap", O_RDWR);
  EXPECT(fd >= 0);
  struct Worker workers[3];
  pthread_t threads[3];
  for (int i = 0; i < 3; ++i) {
    workers[i].number = i;
    EXPECT(pthread_create(&threads[i], NULL, Work, &workers[i]) == 0);
  }
  for (int i = 0; i < 3; ++i) EXPECT(pthread_join(threads[i], NULL) == 0);
  for (int i = 0; i < 3; ++i) printf("%.9f %.9f\n", workers[i].woke[0], workers[i].woke[2]);
  return 0;
}

// Computes for `seconds` of its own CPU time without a call.
static int Hold(double seconds) {
  const int fd = open("/dev/netmap", O_RDWR);
  EXPECT(fd >= 0);
  const clock_t end = clock() + (clock_t)(seconds * CLOCKS_PER_SEC);
  while (clock() < end) {
  }
  EXPECT(usleep(1) == 0);
  printf("it is %.9f\n", Now());
  return 0;
}

// Opens, binds and syncs without end: to be killed.
static int Churn(void) {
  for (unsigned turn = 0;; ++turn) {
    struct nm_desc* const port =
        nm_open(turn % 3 == 0 ? "netmap:sim0-1" : "netmap:sim0", NULL, 0, NULL);
    EXPECT(port != NULL);
    struct pollfd pfd = {.fd = port->fd, .events = turn % 2 == 0 ? POLLIN : POLLIN | POLLOUT};
    for (int i = 0; i < 20; ++i) {
      struct netmap_ring* const ring = NETMAP_TXRING(port->nifp, port->first_tx_ring);
      for (int n = 0; n < 8 && !nm_ring_empty(ring); ++n) {
        ring->slot[ring->head].len = 60;
        ring->head = ring->cur = nm_ring_next(ring, ring->head);
      }
      poll(&pfd, 1, 1);
    }
    nm_close(port);
  }
}

int main(int argc, char** argv) {
  const char* const what = argc > 1 ? argv[1] : "";
  const char* const with = argc > 2 ? argv[2] : "0";
  if (strcmp(what, "send") == 0) return Send(atol(with));
  if (strcmp(what, "receive") == 0) return Receive(atol(with), argc > 3 ? atoi(argv[3]) : 2000);
  if (strcmp(what, "errors") == 0) return Errors();
  if (strcmp(what, "duplicate") == 0) return Duplicate();
  if (strcmp(what, "fork") == 0) return Fork();
  if (strcmp(what, "pass") == 0) return Pass();
  if (strcmp(what, "exec") == 0) return Exec(argv[0]);
  if (strcmp(what, "inherited") == 0) return Inherited(atoi(with));
  if (strcmp(what, "mapping") == 0) return MappingOutlivesDescriptor();
  if (strcmp(what, "waiting") == 0) return Waiting();
  if (strcmp(what, "signals") == 0) return Signals();
  if (strcmp(what, "pages") == 0) return Pages();
  if (strcmp(what, "interfaces") == 0) return Interfaces();
  if (strcmp(what, "clocks") == 0) return Clocks();
  if (strcmp(what, "threads") == 0) return Threads();
  if (strcmp(what, "hold") == 0) return Hold(atof(with));
  if (strcmp(what, "churn") == 0) return Churn();
  if (strcmp(what, "open") == 0) {
    const int fd = open("/dev/netmap", O_RDWR);
    printf("%s\n", fd < 0 ? strerror(errno) : "opened");
    return 0;
  }
  printf("no part \"%s\"\n", what);
  return 2;
}
