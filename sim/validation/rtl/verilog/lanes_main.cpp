// Chains of passes on lanes by themselves. Input: the depth of the pipeline, whether special functions
// stand behind it, the number of passes of a chain, and of each its vectors, the cycles
// of a vector, the vectors that it accumulates into (0: none), and the levels of its tree. Output: when the lanes are
// free again, when the last result can be read, and whether the values were wrong: the host computes them as well.
#include "Vlanes.h"
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

struct Pass { int vectors, cycles, sums, tree; };

static uint32_t expected(const std::vector<Pass> &chain) {
  std::vector<uint16_t> registers(1 << 14, 0);
  uint32_t check = 0;
  bool fresh = true;
  for (auto &pass : chain) {
    for (int i = 0; i < pass.vectors; i++) {
      uint16_t value = fresh ? 0 : registers[i];
      value = pass.cycles == 1 ? value * 3 + 1 : value ^ 0x5a5a;
      int to = pass.sums ? i % pass.sums : i;
      registers[to] = value + (pass.sums && i >= pass.sums ? registers[to] : 0);
      check = ((check << 5) | (check >> 27)) ^ registers[to];
    }
    fresh = false;
  }
  return check;
}

int main() {
  int depth, behind, count;
  while (scanf("%d %d %d", &depth, &behind, &count) == 3) {
    std::vector<Pass> chain(count);
    auto top = std::make_unique<Vlanes>();
    auto tick = [&] { top->clk = 0; top->eval(); top->clk = 1; top->eval(); };
    top->depth = depth; top->behind = behind; top->avail = 255; top->room = 255; top->rst = 1; tick(); top->rst = 0;
    for (int n = 0; n < count; n++) {
      auto &pass = chain[n];
      if (scanf("%d %d %d %d", &pass.vectors, &pass.cycles, &pass.sums, &pass.tree) != 4) return 1;
      top->wr = 1; top->wp = n; top->wv = pass.vectors; top->wc = pass.cycles; top->wo = pass.sums; top->wt = pass.tree;
      tick();
    }
    top->wr = 0; top->go = 1; top->first = 0; top->passes = count; tick(); top->go = 0;
    long taken = 0, result = 0, arrivals = 0, all = 0;
    for (auto &pass : chain) all += pass.vectors;
    for (long now = 0; arrivals < all || !taken; now++) {
      if (now > 50000000) return 1;
      top->clk = 0; top->eval();
      if (!taken && top->free_next) taken = now + 1;
      if (top->arriving) { result = now + 1; arrivals++; }
      top->clk = 1; top->eval();
    }
    printf("%ld,%ld,%d\n", taken, result, (int)(top->check != expected(chain)));
    fflush(stdout);
  }
}
