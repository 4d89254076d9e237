// A library preloaded into services and benchmark alike (LD_PRELOAD): every fsync and fdatasync
// takes MESO_BENCH_FSYNC_US microseconds more, as on a disk with less of a cache.
#include <dlfcn.h>
#include <time.h>

#include <cstdlib>

namespace {

using Sync = int (*)(int);

void Wait() {
  static const long micros = [] {
    const char* const text = std::getenv("MESO_BENCH_FSYNC_US");
    return text == nullptr ? 0L : std::strtol(text, nullptr, 10);
  }();
  const timespec time = {micros / 1000000, micros % 1000000 * 1000};
  nanosleep(&time, nullptr);
}

}  // namespace

extern "C" {

int fsync(int fd) {
  static const Sync real = reinterpret_cast<Sync>(dlsym(RTLD_NEXT, "fsync"));
  Wait();
  return real(fd);
}

int fdatasync(int fd) {
  static const Sync real = reinterpret_cast<Sync>(dlsym(RTLD_NEXT, "fdatasync"));
  Wait();
  return real(fd);
}

}  // extern "C"
