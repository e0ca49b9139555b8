// Runs a recorded program on the machine of machine.v: starts each request when what it waits for is there, and says
// when each began, when its unit was free again and when its result was in memory.
//
// A unit that is free starts, of the first requests of its streams that are ready, the one with the lowest priority.
// A transfer is ready when the recorded one was issued, not before, and takes as long as that did; those that need a
// slot of the pool for weights take it in their recorded order. Input: see sim/validation/rtl/program_text.py.
// Output: a line for each request (stream, number, start, free, result, cycles that it was starved, and held, reason), then a line of checks.
#include "Vmachine.h"
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <deque>
#include <memory>
#include <vector>

static const int64_t NEVER = INT64_MAX;
static const uint32_t WORDS = 65536, RESULTS = 1 << 20;

static int64_t number() {
  long long value;
  if (scanf("%lld", &value) != 1) { fprintf(stderr, "the program ends too early\n"); exit(1); }
  return value;
}

static uint64_t word_at(uint32_t address) {  // what operands are: splitmix64 of the address
  uint64_t z = (address % WORDS + 1) * 0x9e3779b97f4a7c15ull;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebull;
  return z ^ (z >> 31);
}

struct Fold { int k, rows, left, right, left_bytes, right_bytes, result_bytes; };
struct Pass { int vectors, cycles, sums, tree, reads, writes; };
struct ArrayWork { int first, folds, elements; uint32_t left_words, right_words, left, right; };
struct LanesWork { int first, passes; uint32_t words, at; int64_t vectors, writes; };
struct Need { int stream; int64_t count; int operands, reason; };
struct Item {
  int work; int64_t priority, issue, lasts, order; uint32_t words; std::vector<Need> needs;
  int64_t start = NEVER, free = NEVER, result = NEVER, starved = 0, held = 0; int reason = -1;
};
struct Stream { int unit, releases; std::vector<Item> items; size_t next = 0; int64_t last = 0; };
struct Server { int stream = -1, item = -1; int64_t free_at = 0; };
struct Written { int stream, item; int64_t words, vectors; };

struct Bench {
  std::unique_ptr<Vmachine> top = std::make_unique<Vmachine>();
  std::vector<Fold> folds; std::vector<Pass> passes; std::vector<ArrayWork> array; std::vector<LanesWork> lanes;
  std::vector<Stream> streams;
  int64_t slots = -1, released = 0, taken = 0, words[2] = {0, 0}, vectors = 0, unissued = 0, wrong = 0, now = 0;
  Server server[2];
  std::deque<Written> on_its_way[2];
  std::vector<int64_t> releases;  // when slots are given back
  uint32_t check = 0, dma_words = 0; std::vector<uint16_t> registers = std::vector<uint16_t>(1 << 14, 0);
  struct Moving { int64_t begin, end; uint32_t words, moved; }; std::vector<Moving> moving;
  struct Column { size_t request = 0; int fold = 0, row = -1; int64_t left_at = 0, right_at = 0; };
  std::vector<Column> columns = std::vector<Column>(C);
  std::vector<int> issued_array; std::vector<uint64_t> expected_words; uint64_t part = 0; int part_bytes = 0;
  size_t packed_request = 0; int packed = 0; int64_t most_late = 0;

  void tick() { top->clk = 0; top->eval(); top->clk = 1; top->eval(); }

  void read() {
    top->depth = number(); top->behind = number(); top->bank_count = number(); top->ahead = number();
    top->late = number();
    top->by_port = number();
    for (int64_t n = number(); n > 0; n--) {
      Fold f; f.k = number(); f.rows = number(); f.left = number(); f.right = number(); f.left_bytes = number();
      f.right_bytes = number(); f.result_bytes = number(); folds.push_back(f);
    }
    for (int64_t n = number(); n > 0; n--) {
      Pass p; p.vectors = number(); p.cycles = number(); p.sums = number(); p.tree = number(); p.reads = number();
      p.writes = number(); passes.push_back(p);
    }
    for (int64_t n = number(); n > 0; n--) {
      ArrayWork a; a.first = number(); a.folds = number(); a.elements = number(); a.left_words = number();
      a.right_words = number(); a.left = number(); a.right = number(); array.push_back(a);
    }
    for (int64_t n = number(); n > 0; n--) {
      LanesWork l; l.first = number(); l.passes = number(); l.words = number(); l.at = number(); l.vectors = number();
      l.writes = number(); lanes.push_back(l);
    }
    slots = number();
    for (int64_t n = number(); n > 0; n--) {
      Stream s; s.unit = number(); s.releases = number();
      for (int64_t i = number(); i > 0; i--) {
        Item item; item.work = number(); item.priority = number(); item.issue = number(); item.lasts = number();
        item.order = number(); item.words = number();
        for (int64_t d = number(); d > 0; d--) {
          Need need; need.stream = number(); need.count = number(); need.operands = number(); need.reason = number();
          item.needs.push_back(need);
        }
        s.items.push_back(item); unissued++;
      }
      streams.push_back(s);
    }
  }

  void fill_tables() {
    top->rst = 1; tick(); tick();
    for (size_t n = 0; n < folds.size(); n++) {
      auto &f = folds[n];
      top->wf = 1; top->wfp = n; top->f_k = f.k; top->f_rows = f.rows; top->f_left = f.left; top->f_right = f.right;
      top->f_lb = f.left_bytes; top->f_rb = f.right_bytes; top->f_ob = f.result_bytes; tick();
    }
    top->wf = 0;
    for (size_t n = 0; n < passes.size(); n++) {
      auto &p = passes[n];
      top->wp_en = 1; top->wp = n; top->p_v = p.vectors; top->p_c = p.cycles; top->p_o = p.sums; top->p_t = p.tree;
      top->p_r = p.reads; top->p_w = p.writes; tick();
    }
    top->wp_en = 0;
    for (uint32_t n = 0; n < WORDS; n++) { top->wm = 1; top->wmp = n; top->m_word = word_at(n); tick(); }
    top->wm = 0; top->rst = 0;
  }

  // when a need is met, as far as that is known
  int64_t met(const Need &need) const {
    auto &item = streams[need.stream].items[need.count - 1];
    return need.operands ? item.free : item.result;
  }

  // whether all that an item needs is met by a cycle; which reason came last, and when
  bool ready(const Item &item, int64_t cycle, int64_t &last, int &reason) const {
    last = 0; reason = -1;
    for (auto &need : item.needs) {
      int64_t at = met(need);
      if (at > cycle) return false;
      if (at > last) { last = at; reason = need.reason; }
    }
    return true;
  }

  void start_transfers(int64_t cycle) {
    for (auto &stream : streams) if (stream.unit == 2)
      while (stream.next < stream.items.size()) {
        auto &item = stream.items[stream.next];
        int64_t last; int reason;
        if (item.issue > cycle || !ready(item, cycle, last, reason)) break;
        if (item.order >= 0) {
          if (item.order != taken || taken - released >= slots) break;
          taken++;
        }
        item.start = cycle; item.free = cycle + item.lasts; item.reason = reason;
        stream.last = item.result = std::max(stream.last, item.free);
        moving.push_back({cycle, item.free, item.words, 0});
        stream.next++; unissued--;
      }
  }

  // choose what a unit that is free begins at a cycle; the number of its stream, or -1
  int choose(int unit, int64_t cycle, int &reason) const {
    int found = -1; int64_t last; int why;
    for (size_t s = 0; s < streams.size(); s++) {
      auto &stream = streams[s];
      if (stream.unit != unit || stream.next == stream.items.size()) continue;
      auto &item = stream.items[stream.next];
      if (found >= 0 && item.priority > streams[found].items[streams[found].next].priority) continue;
      if (ready(item, cycle, last, why)) { found = s; reason = why; }
    }
    return found;
  }

  void start(int unit, int64_t cycle) {
    int reason = -1, s = choose(unit, cycle, reason);
    if (s < 0) return;
    auto &stream = streams[s];
    auto &item = stream.items[stream.next];
    item.start = cycle; item.reason = reason;
    server[unit].stream = s; server[unit].item = stream.next++; unissued--;
    if (unit == 0) {
      auto &work = array[item.work];
      top->array_go = 1; top->a_first = work.first; top->a_folds = work.folds; top->a_elements = work.elements;
      top->a_left = work.left; top->a_right = work.right; top->a_left_words = work.left_words;
      top->a_right_words = work.right_words;
      words[0] += (int64_t)words_of(work); issued_array.push_back(item.work);
    } else {
      auto &work = lanes[item.work];
      top->lanes_go = 1; top->l_first = work.first; top->l_passes = work.passes; top->l_at = work.at;
      top->l_words = work.words;
      words[1] += work.writes; vectors += work.vectors; follow(work);
    }
    on_its_way[unit].push_back({s, server[unit].item, words[unit], vectors});
  }

  int64_t words_of(const ArrayWork &work) const {  // results in words, the last of which may be a part
    return (int64_t(work.elements) * folds[work.first].result_bytes + WB - 1) / WB;
  }

  void follow(const LanesWork &work) {  // the values of a chain, on the host
    uint32_t at = work.at;
    for (int n = 0; n < work.passes; n++) {
      auto &pass = passes[work.first + n];
      auto words_before = [&](int64_t i) { return (i * pass.reads + pass.vectors - 1) / pass.vectors; };
      for (int i = 0; i < pass.vectors; i++) {
        uint16_t value = n ? registers[i] : 0;
        value = pass.cycles == 1 ? value * 3 + 1 : value ^ 0x5a5a;
        if (words_before(i + 1) > words_before(i)) value += (uint16_t)word_at(at + words_before(i));
        int to = pass.sums ? i % pass.sums : i;
        registers[to] = value + (pass.sums && i >= pass.sums ? registers[to] : 0);
        check = ((check << 5) | (check >> 27)) ^ registers[to];
      }
      at += pass.reads;
    }
  }

  static int64_t element(uint32_t at, int64_t byte) {  // 16 bits of an operand
    return (int16_t)(word_at(at + byte / WB) >> (byte % WB * 8));
  }

  void see_results() {
    for (int c = 0; c < C; c++) if ((top->out_kept >> c) & 1) {
      auto &column = columns[c];
      const ArrayWork *work; const Fold *fold;
      for (;;) {  // on to a fold in which this column has results
        work = &array[issued_array[column.request]]; fold = &folds[work->first + column.fold];
        if (column.row < 0 && c < fold->right) { column.row = fold->left - 1; break; }
        if (column.row >= 0) break;
        next_fold(column, *work, *fold);
      }
      int64_t sum = 0;
      for (int k = 0; k < fold->k; k++)
        sum += element(work->left, column.left_at + ((int64_t)k * fold->left + column.row) * fold->left_bytes) *
               element(work->right, column.right_at + ((int64_t)k * fold->right + c) * fold->right_bytes);
      uint64_t seen = 0;
      for (int p = 0; p < 48; p += 16) {
        int bit = c * 48 + p;
        seen |= (uint64_t)((((uint32_t *)&top->out)[bit / 32] >> (bit % 32)) & 0xffff) << p;
      }
      wrong += (seen ^ (uint64_t)sum) << 16 != 0;
      pack((uint64_t)sum);
      if (--column.row < 0) next_fold(column, *work, *fold);
    }
  }

  void next_fold(Column &column, const ArrayWork &work, const Fold &fold) {
    column.left_at += (int64_t)fold.k * fold.left * fold.left_bytes;
    column.right_at += (int64_t)fold.k * fold.right * fold.right_bytes;
    if (++column.fold == work.folds) { column = Column{column.request + 1}; }
  }

  void pack(uint64_t sum) {
    auto &work = array[issued_array[packed_request]];
    int bytes = folds[work.first].result_bytes;
    part |= (sum & (bytes == 2 ? 0xffffull : 0xffffffffull)) << (part_bytes * 8);
    part_bytes += bytes; packed++;
    if (part_bytes >= WB || packed == work.elements) { expected_words.push_back(part); part = 0; part_bytes = 0; }
    if (packed == work.elements) { packed = 0; packed_request++; }
  }

  void end_of_cycle() {  // what is done by the end of cycle now: known before the clock's edge
    int64_t next = now + 1;
    bool is_free[2] = {(bool)top->array_free_next, (bool)top->lanes_free_next};
    if (server[0].stream >= 0 && top->array_starved) streams[server[0].stream].items[server[0].item].starved++;
    if (server[0].stream >= 0 && top->array_held) streams[server[0].stream].items[server[0].item].held++;
    if (server[1].stream >= 0 && top->lanes_starved) streams[server[1].stream].items[server[1].item].starved++;
    int64_t arrived = top->lanes_arrived + (top->arriving ? 1 : 0);
    int64_t written[2] = {top->array_written, top->lanes_written};
    for (int unit = 0; unit < 2; unit++) {
      auto &queue = on_its_way[unit];
      while (!queue.empty() && written[unit] >= queue.front().words && (unit == 0 || arrived >= queue.front().vectors)) {
        streams[queue.front().stream].items[queue.front().item].result = next; queue.pop_front();
      }
      if (server[unit].stream >= 0 && is_free[unit]) {
        auto &stream = streams[server[unit].stream];
        stream.items[server[unit].item].free = next; server[unit].free_at = next; server[unit].stream = -1;
        if (stream.releases) released++;
      }
    }
    start_transfers(next);
    top->array_go = top->lanes_go = 0;
    for (int unit = 0; unit < 2; unit++) if (server[unit].stream < 0 && is_free[unit]) start(unit, next);
  }

  void move() {  // words of transfers, spread over their time
    size_t kept = 0;
    for (auto &each : moving) {
      int64_t span = std::max<int64_t>(1, each.end - each.begin);
      uint32_t due = now + 1 >= each.end ? each.words : (uint32_t)(each.words * std::max<int64_t>(0, now + 1 - each.begin) / span);
      dma_words += due - each.moved; each.moved = due;
      if (each.moved < each.words) moving[kept++] = each;
    }
    moving.resize(kept);
    top->dma_words = dma_words;
    most_late = std::max<int64_t>(most_late, dma_words - top->dma_done);
  }

  bool run() {
    int64_t last_change = 0; size_t left = unissued;
    now = -1; top->clk = 0; top->eval();
    for (; unissued || !on_its_way[0].empty() || !on_its_way[1].empty(); now++) {
      move(); top->clk = 0; top->eval();
      if (now >= 0) see_results();
      end_of_cycle(); top->clk = 1; top->eval();
      if (unissued != (int64_t)left) { left = unissued; last_change = now; }
      if (now - last_change > 2000000) return false;
    }
    return true;
  }

  void print_stuck() const {
    fprintf(stderr, "nothing goes on after cycle %lld:", (long long)now);
    for (size_t s = 0; s < streams.size(); s++) if (streams[s].next < streams[s].items.size()) {
      fprintf(stderr, " stream %zu item %zu", s, streams[s].next);
      for (auto &need : streams[s].items[streams[s].next].needs)
        if (met(need) == NEVER) fprintf(stderr, " needs %d of %lld", need.stream, (long long)need.count);
    }
    for (int u = 0; u < 2; u++)
      fprintf(stderr, "; unit %d: %zu under way, stream %d", u, on_its_way[u].size(), server[u].stream);
    fprintf(stderr, "; clash %d overflow %d, wrong %lld, results of %zu requests and %d packed, %zu words", (int)top->clash, (int)top->overflow, (long long)wrong, packed_request, packed, expected_words.size());
    fprintf(stderr, "; written %u %u arrived %u of %lld\n", top->array_written, top->lanes_written, top->lanes_arrived, (long long)vectors);
  }

  void print() {
    for (size_t s = 0; s < streams.size(); s++)
      for (size_t n = 0; n < streams[s].items.size(); n++) {
        auto &item = streams[s].items[n];
        printf("%zu,%zu,%lld,%lld,%lld,%lld,%lld,%d\n", s, n, (long long)item.start, (long long)item.free,
               (long long)item.result, (long long)item.starved, (long long)item.held, item.reason);
      }
    int64_t stored = 0;
    for (size_t n = 0; n < expected_words.size() && n < RESULTS; n++) {
      top->look_at = n; top->eval(); stored += top->look != expected_words[n];
    }
    printf("checks,%lld,%lld,%d,%d,%d,%lld\n", (long long)wrong, (long long)stored, (int)top->clash,
           (int)top->overflow, (int)(top->check != check), (long long)most_late);
  }
};

int main() {
  Bench bench;
  bench.read(); bench.fill_tables();
  if (!bench.run()) { bench.print_stuck(); return 1; }
  bench.print();
}
