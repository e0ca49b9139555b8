// N ports on single-ported banks of words, "count" of B; the words of a stream rotate over the banks.
//
// A port has a stream: word number w lies at address w + place. It may fetch (or store) the words before "limit" that
// are less than ahead + want words ahead of the first one that is not done with ("base"). A bank serves a word a cycle,
// the oldest that a port wants of it. Turns go by unit, to which a port belongs, and within a unit by port; port LOW is
// served only if no other port wants any.
// What is served in a cycle can be used in it; if "late", one cycle later. "avail" counts the words at the head of
// the stream that can be used, "pop" how many of them are done with.
module banks #(parameter N = 2, B = 16, WIN = 64, LOW = N) (
  input clk, input rst, input [7:0] count, input [7:0] ahead, input late, input [N*8-1:0] owner,
  input [N*32-1:0] limit, input [N*32-1:0] place, input [N*8-1:0] want, input [N*8-1:0] pop,
  output reg [N*8-1:0] avail, output [N*32-1:0] done);
  reg [31:0] base [0:N-1];
  reg [WIN-1:0] got [0:N-1];         // words from base on that have been served
  reg [WIN-1:0] have [0:N-1];        // and with those of this cycle
  reg [7:0] turn [0:B-1], turn_next [0:B-1];  // of each bank: the port after that served last, and its unit
  reg [7:0] last [0:B-1], last_next [0:B-1];
  reg [7:0] oldest [0:N*B-1];        // of each port and bank: the word to be served next
  integer i, b, j, k; reg hit, gap; reg [31:0] a;
  genvar g;
  generate for (g = 0; g < N; g = g + 1) begin: tell assign done[g*32 +: 32] = base[g]; end endgenerate

  always @* begin
    for (i = 0; i < N; i = i + 1) begin
      have[i] = got[i];
      for (b = 0; b < B; b = b + 1) oldest[i*B+b] = 8'd255;
      a = (base[i] + place[i*32 +: 32]) % count;
      for (k = 0; k < WIN; k = k + 1) begin
        if (k < ahead + want[i*8 +: 8] && !got[i][k] && base[i] + k < limit[i*32 +: 32] && oldest[i*B+a] == 8'd255)
          oldest[i*B+a] = k;
        a = (a + 1 == count) ? 0 : a + 1;
      end
    end
    for (b = 0; b < B; b = b + 1) begin
      hit = 0; turn_next[b] = turn[b]; last_next[b] = last[b];
      for (j = 0; j < 2*N; j = j + 1) begin          // first the other units
        i = (turn[b] + j) % N;
        if (!hit && i != LOW && oldest[i*B+b] != 8'd255 && (j >= N || owner[i*8 +: 8] != last[b])) begin
          hit = 1; have[i][oldest[i*B+b]] = 1; turn_next[b] = (i + 1) % N; last_next[b] = owner[i*8 +: 8]; end
      end
      if (!hit && LOW < N && oldest[LOW*B+b] != 8'd255) have[LOW][oldest[LOW*B+b]] = 1;
    end
    for (i = 0; i < N; i = i + 1) begin
      avail[i*8 +: 8] = 0; gap = 0;
      for (k = 0; k < WIN; k = k + 1) begin
        if (!(late ? got[i][k] : have[i][k])) gap = 1;
        if (!gap) avail[i*8 +: 8] = k + 1;
      end
    end
  end

  always @(posedge clk) if (rst) begin
    for (i = 0; i < N; i = i + 1) begin base[i] <= 0; got[i] <= 0; end
    for (b = 0; b < B; b = b + 1) begin turn[b] <= 0; last[b] <= 8'd255; end
  end else begin
    for (i = 0; i < N; i = i + 1) begin
      base[i] <= base[i] + pop[i*8 +: 8]; got[i] <= have[i] >> pop[i*8 +: 8]; end
    for (b = 0; b < B; b = b + 1) begin turn[b] <= turn_next[b]; last[b] <= last_next[b]; end
  end
endmodule
