// Requesters on banks. A line of input has the words that they fetch ahead, and "want todo place" of each of NN; a line of output when each has
// used its last words.
#include "Varb.h"
#include <cstdint>
#include <cstdio>
#include <memory>

template <class T> static void put(T &signal, int index, int bits, uint32_t value) {
  unsigned char *bytes = (unsigned char *)&signal;
  for (int b = 0; b < bits / 8; b++) bytes[index * bits / 8 + b] = (value >> (8 * b)) & 255;
}
template <class T> static uint32_t get(T &signal, int index) { return ((uint32_t *)&signal)[index]; }

int main() {
  for (;;) {
    auto top = std::make_unique<Varb>();
    unsigned ahead;
    if (scanf("%u", &ahead) != 1) return 0;
    top->ahead = ahead;
    for (int i = 0; i < NN; i++) {
      unsigned want, todo, place;
      if (scanf("%u %u %u", &want, &todo, &place) != 3) return 0;
      put(top->want, i, 8, want); put(top->todo, i, 32, todo); put(top->place, i, 32, place);
    }
    auto tick = [&] { top->clk = 0; top->eval(); top->clk = 1; top->eval(); };
    top->rst = 1; tick(); top->rst = 0;
    for (uint32_t now = 0; !top->all && now < 1000000; now++) { top->now = now; tick(); }
    for (int i = 0; i < NN; i++) printf("%s%u", i ? "," : "", get(top->finished, i));
    printf("\n");
  }
}
