// A Unix socket under a name, for clients to come to.
#ifndef SIM_FILE_UNIX_LISTENER_H_
#define SIM_FILE_UNIX_LISTENER_H_

#include <string>

namespace mapwire::sim {

class UnixListener {
 public:
  UnixListener() = default;
  ~UnixListener() { Close(); }
  UnixListener(const UnixListener&) = delete;
  UnixListener& operator=(const UnixListener&) = delete;

  // Makes the socket. `type` is SOCK_STREAM or
  // SOCK_SEQPACKET; `taken` is what there is to say if somebody listens there. A socket that nobody
  // listens at any more is put out of the way, and nothing else is. Empty, or what is wrong. Once.
  [[nodiscard]] std::string Listen(const std::string& path, int type, int backlog,
                                   const char* taken);
  // To wait on for clients; -1 if it does not listen.
  int descriptor() const { return listener_; }
  // The next client, non-blocking, which is the caller's; -1 if there is none.
  int Accept() const;
  // Takes the name away, if it is ours. Clients stay.
  void Close();

 private:
  std::string path_;
  int listener_ = -1;
  bool bound_ = false;  // the name is ours
};

}  // namespace mapwire::sim

#endif  // SIM_FILE_UNIX_LISTENER_H_
