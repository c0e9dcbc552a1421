// Messages of protocol.h over a socket, descriptors included. No state, no allocation, no
// libstdc++: shim and server share it.
#ifndef SIM_SHIM_SOCKET_H_
#define SIM_SHIM_SOCKET_H_

#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sim/shim/protocol.h"

namespace mapwire::sim::remote {

// Sends header and data, and `descriptor` if it is not -1 (it stays the caller's). 0 or -errno.
inline int SendMessage(int socket, const Message& message, int descriptor, int flags) {
  iovec part{const_cast<Message*>(&message), sizeof(Header) + message.header.bytes};
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))] = {};
  if (descriptor >= 0) {
    header.msg_control = control;
    header.msg_controllen = sizeof(control);
    cmsghdr* const rights = CMSG_FIRSTHDR(&header);
    rights->cmsg_level = SOL_SOCKET;
    rights->cmsg_type = SCM_RIGHTS;
    rights->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(rights), &descriptor, sizeof(int));
  }
  ssize_t sent;
  do {
    sent = sendmsg(socket, &header, flags | MSG_NOSIGNAL);
  } while (sent < 0 && errno == EINTR);
  return sent < 0 ? -errno : 0;
}

// One message: bytes received (0: the other end is closed) or -errno, -EINTR included; a message
// that is not as long as it says is -EPROTO. A descriptor that came with it is in `descriptor`,
// close-on-exec; without one it is -1.
inline ssize_t ReceiveMessage(int socket, Message& message, int* descriptor, int flags) {
  *descriptor = -1;
  iovec part{&message, sizeof(message)};
  alignas(cmsghdr) char control[CMSG_SPACE(sizeof(int))];
  msghdr header{};
  header.msg_iov = &part;
  header.msg_iovlen = 1;
  header.msg_control = control;
  header.msg_controllen = sizeof(control);
  const ssize_t received = recvmsg(socket, &header, flags | MSG_CMSG_CLOEXEC);
  if (received < 0) return -errno;
  bool whole = (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) == 0;
  for (cmsghdr* rights = CMSG_FIRSTHDR(&header); rights != nullptr;
       rights = CMSG_NXTHDR(&header, rights)) {
    if (rights->cmsg_level != SOL_SOCKET || rights->cmsg_type != SCM_RIGHTS) continue;
    // The padding leaves room for more than one.
    const size_t count = (rights->cmsg_len - CMSG_LEN(0)) / sizeof(int);
    for (size_t i = 0; i < count; ++i) {
      int one;
      std::memcpy(&one, CMSG_DATA(rights) + i * sizeof(int), sizeof(int));
      if (*descriptor < 0) {
        *descriptor = one;
      } else {
        close(one);
        whole = false;
      }
    }
  }
  if (received == 0) return 0;
  whole = whole && static_cast<size_t>(received) >= sizeof(Header) &&
          static_cast<size_t>(received) == sizeof(Header) + message.header.bytes;
  if (whole) return received;
  if (*descriptor >= 0) close(*descriptor);
  *descriptor = -1;
  return -EPROTO;
}

}  // namespace mapwire::sim::remote

#endif  // SIM_SHIM_SOCKET_H_
