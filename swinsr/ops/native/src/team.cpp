// A kernel as an OpenMP team runs it. The library links no OpenMP: Python hands this function to
// the one that PyTorch has loaded.
#include <stdint.h>
#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

struct Team {
  void (*kernel)(const void *call, int64_t thread);
  const void *call;
  int64_t next;  // the first number that no thread has taken
  int64_t threads;
};

// Called once by every thread of the team, on the same Team.
EXPORT void swinsr_join(Team *team) {
  int64_t thread = __atomic_fetch_add(&team->next, 1, __ATOMIC_RELAXED);
  if (thread < team->threads) team->kernel(team->call, thread);
}
