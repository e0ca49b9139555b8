// Feeds products to os_array. A line of input, "M N K rows period": an (M, K) by (K, N) product on so many of the lowest
// rows; a period of 0 is max(K, rows). A line of output: cycles that the array is taken, until the last result is there
// (from the first operand on), the same from reset (the first operands are loaded, one k a cycle), clashes, wrong
// results. Every product is compared with the host's.
#include "Vos_array.h"
#include "verilated.h"
#include <cstdint>
#include <cstdio>
#include <memory>
#include <vector>

template <class T> static void set_element(T &signal, int index, uint16_t value) {
  uint32_t *words = (uint32_t *)&signal;
  int bit = index * 16;
  words[bit / 32] = (words[bit / 32] & ~(0xffffu << (bit % 32))) | ((uint32_t)value << (bit % 32));
}

template <class T> static int64_t sum_of(T &signal, int index) {
  uint32_t *words = (uint32_t *)&signal;
  uint64_t value = 0;
  for (int part = 0; part < 48; part += 16) {
    int bit = index * 48 + part;
    value |= (uint64_t)((words[bit / 32] >> (bit % 32)) & 0xffff) << part;
  }
  return (int64_t)(value << 16) >> 16;
}

static uint32_t state;
static int16_t draw() {  // xorshift: the same everywhere
  state ^= state << 13; state ^= state >> 17; state ^= state << 5;
  return (int16_t)(state % 201) - 100;
}

struct Product {
  int m, n, k, rows, period, folds_down, folds;
  std::vector<int16_t> a, b;
  std::vector<int64_t> y;
  std::vector<char> got;

  Product(int M, int N, int K, int used, int per) : m(M), n(N), k(K), rows(used) {
    period = per ? per : (K > used ? K : used);
    folds_down = (M + rows - 1) / rows;
    folds = folds_down * ((N + C - 1) / C);
    state = M * 7919u + N * 31u + K + 1;
    a.resize((size_t)M * K); b.resize((size_t)K * N); y.assign((size_t)M * N, 0); got.assign((size_t)M * N, 0);
    for (auto &each : a) each = draw();
    for (auto &each : b) each = draw();
  }

  void load(Vos_array *top, int fold, int beat) const {
    int down = fold % folds_down, across = fold / folds_down;
    for (int r = 0; r < R; r++) {
      int row = r - (R - rows), at = down * rows + row;
      set_element(top->load_a, r, row >= 0 && at < m ? (uint16_t)a[(size_t)at * k + beat] : 0);
    }
    for (int c = 0; c < C; c++) {
      int at = across * C + c;
      set_element(top->load_b, c, at < n ? (uint16_t)b[(size_t)beat * n + at] : 0);
    }
  }

  void take(int column, int count, int64_t value) {  // the result number count of a column
    int fold = count / rows, row = rows - 1 - count % rows;
    int i = fold % folds_down * rows + row, j = fold / folds_down * C + column;
    if (fold < folds && i < m && j < n) { y[(size_t)i * n + j] = value; got[(size_t)i * n + j]++; }
  }

  int wrong() const {
    int found = 0;
    for (int i = 0; i < m; i++)
      for (int j = 0; j < n; j++) {
        int64_t sum = 0;
        for (int l = 0; l < k; l++) sum += (int64_t)a[(size_t)i * k + l] * b[(size_t)l * n + j];
        found += got[(size_t)i * n + j] != 1 || y[(size_t)i * n + j] != sum;
      }
    return found;
  }
};

int main() {
  int m, n, k, rows, period;
  while (scanf("%d %d %d %d %d", &m, &n, &k, &rows, &period) == 5) {
    auto top = std::make_unique<Vos_array>();
    Product product(m, n, k, rows, period);
    std::vector<int> of_column(C, 0);
    auto tick = [&] { top->clk = 0; top->eval(); top->clk = 1; top->eval(); };
    top->rst = 1; top->load_en = 0; top->go = 0; tick(); tick(); top->rst = 0;
    long cycle = 0, first_feed = -1, last_out = -1, first_go = -1, last_go = -1, macs = 0;
    long expected = (long)product.folds * rows * C, seen = 0;
    long limit = (long)product.folds * (product.period + k) + 8L * (R + C + k) + 1000;
    int loaded = 0, beat = 0, started = 0, fed = 0;  // folds; one whose successor has started has been fed
    for (; seen < expected && cycle < limit; cycle++) {
      top->load_en = loaded < product.folds && loaded - fed < 2;
      if (top->load_en) { top->load_bank = loaded & 1; top->load_k = beat; product.load(top.get(), loaded, beat); }
      top->go = 0; top->clk = 0; top->eval();
      bool whole = top->load_en && beat == k - 1;  // the last word of a fold is written at the end of this cycle
      if (started < product.folds && loaded + whole > started && top->start_ok) {
        top->go = 1; top->go_bank = started & 1; top->k = k; top->period = product.period; top->rows = rows;
      }
      top->eval();
      if (top->feeding && first_feed < 0) first_feed = cycle;
      macs += top->macs_now;
      for (int c = 0; c < C; c++)
        if ((((uint32_t *)&top->out_v)[c / 32] >> (c % 32)) & 1) {
          product.take(c, of_column[c]++, sum_of(top->out, c)); seen++; last_out = cycle;
        }
      bool go = top->go, loading = top->load_en;
      if (go) { if (first_go < 0) first_go = cycle; last_go = cycle; }
      top->clk = 1; top->eval();
      if (loading && ++beat == k) { beat = 0; loaded++; }
      if (go) { if (started > 0) fed = started; started++; }
    }
    bool short_of = seen < expected || macs != (long)product.folds * rows * C * k;
    printf("%ld,%ld,%ld,%d,%d\n", last_go - first_go + product.period, last_out - first_feed + 1, last_out + 1,
           (int)top->clash, product.wrong() + short_of);
    fflush(stdout);
  }
}
