// Which of the compiled instruction sets this processor and its system can run.
#include <stdint.h>
#if defined(__x86_64__)
#include <cpuid.h>
#endif
#if defined(_WIN32)
#define EXPORT extern "C" __declspec(dllexport)
#else
#define EXPORT extern "C" __attribute__((visibility("default")))
#endif

// Of the sources this library was compiled from.
EXPORT int64_t swinsr_fingerprint() { return SWINSR_SOURCES; }

// Bits: 1 AVX2 with FMA, 2 AVX-512 (F, BW, DQ, VL), 4 AVX-512-BF16.
EXPORT int64_t swinsr_processor() {
  int64_t found = 0;
#if defined(__x86_64__)
  unsigned a, b, c, d;
  if (!__get_cpuid(1, &a, &b, &c, &d)) return 0;
  bool fma = c & (1u << 12), saves = c & (1u << 27);
  if (!saves) return 0;
  uint32_t low, high;
  __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
  bool keeps256 = (low & 0x6) == 0x6, keeps512 = (low & 0xe6) == 0xe6;
  if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return 0;
  if (fma && keeps256 && (b & (1u << 5))) found |= 1;
  const unsigned wide = (1u << 16) | (1u << 17) | (1u << 30) | (1u << 31);
  if ((found & 1) && keeps512 && (b & wide) == wide) found |= 2;
  if ((found & 2) && __get_cpuid_count(7, 1, &a, &b, &c, &d) && (a & (1u << 5))) found |= 4;
#endif
  return found;
}
