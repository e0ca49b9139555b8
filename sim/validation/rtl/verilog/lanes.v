// SIMD lanes in lockstep, one of them in full: chains of passes over vectors, in order, with a scoreboard.
//
// A pass of V vectors reads the register that the pass before wrote, vector by vector, and takes the lanes c cycles a
// vector. A result can be read so many cycles after its vector began: max(c, depth), or, if special functions stand
// "behind" the pipeline, c - 1 + depth; at least two. The first pass of a chain reads no register. A pass that accumulates (o > 0) adds vector i to sum i mod o, in the last stage, so
// its own sums do not wait for each other; with a tree of t levels it holds the lanes until the last addition is there,
// and t cycles more. Each pass uses r words of memory, spread evenly over its vectors, and writes w words with its
// results. A vector waits for its words ("avail") and for space to write ("room").
// Passes stand in a table, of which a chain is "passes" entries from "first" on.
module lanes #(parameter MAXV = 16384, MAXP = 16384) (
  input clk, input rst, input [7:0] depth, input behind,
  input wr, input [31:0] wp, input [15:0] wv, input [7:0] wc, input [15:0] wo, input [7:0] wt, input [31:0] wr_words,
  input [31:0] ww_words,
  input go, input [31:0] first, input [15:0] passes,
  input [7:0] avail, input [15:0] word, input [15:0] room,
  output [7:0] pop, output [7:0] push, output [7:0] need, output starved,
  output free_next, output reg [31:0] begun, output reg [31:0] arrived, output arriving, output reg [31:0] check);
  localparam RING = 512;
  reg [15:0] tv [0:MAXP-1]; reg [7:0] tc [0:MAXP-1]; reg [15:0] to_ [0:MAXP-1]; reg [7:0] tt [0:MAXP-1];
  reg [31:0] tr [0:MAXP-1]; reg [31:0] tw [0:MAXP-1];
  reg [15:0] rf [0:MAXV-1]; reg [7:0] pend [0:MAXV-1];               // pend: writes under way
  reg [RING-1:0] pv; reg [15:0] pd [0:RING-1]; reg [15:0] pa [0:RING-1]; reg padd [0:RING-1]; reg [7:0] pw [0:RING-1];
  reg [31:0] tick; reg [15:0] i, n, past; reg [31:0] p; reg [15:0] left; reg run, fresh;
  integer q;
  initial for (q = 0; q < MAXV; q = q + 1) begin rf[q] = 0; pend[q] = 0; end
  wire [15:0] vv = tv[p], oo = to_[p]; wire [7:0] cc = tc[p], tree = tt[p];
  wire [31:0] words = tr[p], written = tw[p];
  wire [8:0] slot = tick % RING;
  wire [7:0] lat = behind ? (cc - 8'd1 + depth) : (cc > depth ? cc : depth);
  wire [15:0] dest = oo == 0 ? i : i % oo;
  wire last = (i + 1 == vv);
  wire turn = run & (left == 0) & (fresh | pend[i] == 0);
  wire [15:0] results = oo == 0 ? vv : oo;                            // vectors with results, the last ones of the pass
  wire [15:0] from = vv - results;
  wire [31:0] ends = ((i + 1 - from) * written) / results, begins = ((i - from) * written) / results;
  wire [7:0] makes = (i < from) ? 0 : ends - begins;
  wire [15:0] after = (oo != 0 && tree != 0 && last) ? lat + tree : cc; // cycles that the lanes are taken
  wire go_on = turn & (avail >= need) & (room >= makes);
  assign arriving = pv[slot];
  assign free_next = ~run ? (left <= 1) : 1'b0 | (go_on & last & (n + 1 == past) & (after == 1));
  wire [15:0] landed = padd[slot] ? rf[pa[slot]] + pd[slot] : pd[slot];
  wire [15:0] source = fresh ? 16'd0 : rf[i];
  wire [8:0] lands = (tick + ((oo != 0 && tree != 0 && last) ? lat + tree : lat) - 1) % RING;
  wire [31:0] used = (i * words + vv - 1) / vv, used_then = ((i + 1) * words + vv - 1) / vv;
  assign need = used_then - used;
  assign pop = go_on ? need : 0;
  assign starved = turn & ~go_on;
  assign push = pv[slot] ? pw[slot] : 0;
  always @(posedge clk) begin
    if (wr) begin tv[wp] <= wv; tc[wp] <= wc; to_[wp] <= wo; tt[wp] <= wt; tr[wp] <= wr_words; tw[wp] <= ww_words; end
    if (rst) begin
      run <= 0; left <= 0; i <= 0; p <= 0; n <= 0; past <= 0; tick <= 0; fresh <= 0; begun <= 0; arrived <= 0; check <= 0;
      pv <= 0;
    end else begin
      tick <= tick + 1;
      if (left != 0) left <= left - 1;
      if (arriving) begin
        pv[slot] <= 0; rf[pa[slot]] <= landed; check <= {check[26:0], check[31:27]} ^ landed; arrived <= arrived + 1;
        if (!(go_on && dest == pa[slot])) pend[pa[slot]] <= pend[pa[slot]] - 1;
      end
      if (go_on) begin
        left <= after - 1; begun <= begun + 1;
        if (!(arriving && dest == pa[slot])) pend[dest] <= pend[dest] + 1;
        pv[lands] <= 1; pa[lands] <= dest; padd[lands] <= (oo != 0) & (i >= oo); pw[lands] <= makes;
        pd[lands] <= (cc == 1 ? source * 3 + 1 : source ^ 16'h5a5a) + (need != 0 ? word : 0);
        if (last) begin
          i <= 0; fresh <= 0; p <= p + 1; n <= n + 1; if (n + 1 == past) run <= 0;
        end else i <= i + 1;
      end
      if (go) begin run <= 1; i <= 0; n <= 0; p <= first; past <= passes; fresh <= 1; end
    end
  end
endmodule
