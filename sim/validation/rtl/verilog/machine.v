// An array, lanes and the banks of an SRAM as one machine. Its requests are started from outside, when what they wait
// for is there; what they are stands in tables: the folds of each request of the array, the passes of each of the lanes.
//
// Ports of the banks, each with a stream of words: 0 left and 1 right operands of the array, 2 its results, 3 operands of
// the lanes, 4 their results, 5 the DMA engine, which goes last. Operands of a request lie one behind the other in the
// order of their use, from the address that comes with the request on. A beat of a fold needs one element of each row
// and column in use; it waits until the words are there. What leaves the array and belongs to the product is packed into
// words, which are written as they get full, the last one at the end of a request.
module machine #(parameter R = 8, C = 8, B = 16, WB = 8, MAXF = 65536, WORDS = 65536) (
  input clk, input rst, input [7:0] depth, input behind, input [7:0] bank_count, input [7:0] ahead, input late, input by_port,
  // tables
  input wf, input [31:0] wfp, input [15:0] f_k, input [7:0] f_rows, input [7:0] f_left, input [7:0] f_right,
  input [3:0] f_lb, input [3:0] f_rb, input [3:0] f_ob,
  input wp_en, input [31:0] wp, input [15:0] p_v, input [7:0] p_c, input [15:0] p_o, input [7:0] p_t,
  input [31:0] p_r, input [31:0] p_w,
  input wm, input [31:0] wmp, input [WB*8-1:0] m_word,
  // requests
  input array_go, input [31:0] a_first, input [31:0] a_folds, input [31:0] a_elements,
  input [31:0] a_left, input [31:0] a_right, input [31:0] a_left_words, input [31:0] a_right_words,
  input lanes_go, input [31:0] l_first, input [15:0] l_passes, input [31:0] l_at, input [31:0] l_words,
  input [31:0] dma_words,
  // what became of them
  output array_free_next, output array_starved, output array_held, output lanes_free_next, output lanes_starved,
  output [31:0] array_written, output [31:0] lanes_written, output [31:0] lanes_arrived, output arriving,
  output [C*48-1:0] out, output [C-1:0] out_kept, output clash, output reg overflow, output [31:0] check,
  output [31:0] dma_done, input [31:0] look_at, output [WB*8-1:0] look);
  localparam N = 6, WIN = 64, RESULTS = 1 << 20;
  reg [15:0] fk [0:MAXF-1]; reg [7:0] frows [0:MAXF-1]; reg [7:0] fl [0:MAXF-1]; reg [7:0] fr [0:MAXF-1];
  reg [3:0] flb [0:MAXF-1]; reg [3:0] frb [0:MAXF-1]; reg [3:0] fob [0:MAXF-1];
  reg [WB*8-1:0] mem [0:WORDS-1];                    // what operands are; results are kept apart
  reg [WB*8-1:0] results [0:RESULTS-1];
  assign look = results[look_at % RESULTS];
  always @(posedge clk) begin
    if (wf) begin
      fk[wfp] <= f_k; frows[wfp] <= f_rows; fl[wfp] <= f_left; fr[wfp] <= f_right; flb[wfp] <= f_lb; frb[wfp] <= f_rb;
      fob[wfp] <= f_ob; end
    if (wm) mem[wmp] <= m_word;
  end

  // the banks
  wire [N*32-1:0] limit, place; wire [N*8-1:0] want, pop, avail; wire [N*32-1:0] done;
  wire [N*8-1:0] owner = by_port ? {8'd5, 8'd4, 8'd3, 8'd2, 8'd1, 8'd0} : {8'd2, 8'd1, 8'd1, 8'd0, 8'd0, 8'd0};
  banks #(N, B, WIN, 5) memory(clk, rst, bank_count, ahead, late, owner, limit, place, want, pop, avail, done);
  reg [31:0] limit0, limit1, limit2, limit3, limit4, place0, place1, place3;

  // the array's sequencer: a beat when its words are there, then idle beats until the results of all rows can leave
  reg busy, parity; reg [31:0] fold, folds_left; reg [15:0] beat; reg [7:0] lpos, rpos;
  wire [15:0] k = fk[fold]; wire [7:0] rows = frows[fold], nl = fl[fold], nr = fr[fold];
  wire [3:0] lb = flb[fold], rb = frb[fold];
  wire [15:0] period = k > rows ? k : rows;
  wire end_of_request = (folds_left == 1) & (beat == k - 1);
  wire [15:0] lend = lpos + nl * lb, rend = rpos + nr * rb;
  wire [7:0] lneed = (lend + WB - 1) / WB, rneed = (rend + WB - 1) / WB;
  wire feeding = busy & (beat < k);
  wire backlog = limit2 - done[2*32 +: 32] > 24;     // results that wait for the banks
  // a column shifts out the results of one fold before it takes those of the next: from last beat to last beat pass as
  // many cycles as the earlier fold has rows
  reg [7:0] since, rows_before;
  assign array_held = feeding & (beat == k - 1) & (since < rows_before);
  wire fire = feeding & ~backlog & ~array_held & (avail[0 +: 8] >= lneed) & (avail[8 +: 8] >= rneed);
  assign array_starved = feeding & ~fire & ~array_held;
  wire step = busy & (fire | ~feeding);
  assign array_free_next = ~busy | (step & (folds_left == 1) & (beat == period - 1));
  integer r, c, e; reg [R*5-1:0] flags; reg [R*16-1:0] a_row; reg [C*16-1:0] b_row; reg [C-1:0] b_kept;
  reg [31:0] at;
  always @* begin
    flags = 0; a_row = 0; b_row = 0; b_kept = 0;
    for (r = 0; r < R; r = r + 1) begin
      e = r + rows - R;                              // element of the left operand for this row
      flags[r*5 +: 5] = {(e >= 0) & (e < nl), parity, fire & (e >= 0), beat == 0, beat == k - 1};
      if (e >= 0 && e < nl) begin
        at = lpos + e * lb;
        a_row[r*16 +: 16] = mem[(done[0 +: 32] + place0 + at / WB) % WORDS] >> ((at % WB) * 8); end
    end
    for (c = 0; c < C; c = c + 1) begin
      b_kept[c] = c < nr;
      if (c < nr) begin
        at = rpos + c * rb;
        b_row[c*16 +: 16] = mem[(done[32 +: 32] + place1 + at / WB) % WORDS] >> ((at % WB) * 8); end
    end
  end
  wire [C-1:0] out_v; wire [31:0] macs;
  os_core #(R, C, 16, 48) core(clk, rst, flags, a_row, b_row, b_kept, out, out_v, out_kept, clash, macs);

  // what leaves the array is packed into words; requests that are on their way stand in a ring
  reg [31:0] total [0:15]; reg [3:0] obs [0:15]; reg [3:0] first_out, next_out;
  reg [31:0] packed_; reg [7:0] bytes; reg [WB*8-1:0] part; // of the oldest request: elements, bytes of its last word
  reg [31:0] packed_next; reg [7:0] bytes_next, pushed; reg [WB*8-1:0] part_next; reg [3:0] first_next;
  reg [WB*8-1:0] full [0:C-1];
  always @* begin
    packed_next = packed_; bytes_next = bytes; part_next = part; pushed = 0; first_next = first_out;
    for (c = 0; c < C; c = c + 1) if (out_kept[c]) begin
      part_next = part_next | ({{(WB*8-32){1'b0}}, out[c*48 +: 32] & (obs[first_next] == 2 ? 32'hffff : 32'hffffffff)}
        << (bytes_next * 8));
      bytes_next = bytes_next + obs[first_next]; packed_next = packed_next + 1;
      if (bytes_next >= WB || packed_next == total[first_next]) begin
        full[pushed] = part_next; pushed = pushed + 1; part_next = 0; bytes_next = 0;
        if (packed_next == total[first_next]) begin packed_next = 0; first_next = first_next + 1; end
      end
    end
  end

  // the lanes
  wire [7:0] l_pop, l_push, l_need; wire [31:0] begun;
  wire [31:0] written = limit4 - done[4*32 +: 32];   // results that wait for the banks
  wire [15:0] room = written > 32 ? 0 : 32 - written;
  lanes unit(clk, rst, depth, behind, wp_en, wp, p_v, p_c, p_o, p_t, p_r, p_w, lanes_go, l_first, l_passes,
    avail[3*8 +: 8], mem[(done[3*32 +: 32] + place3) % WORDS], room, l_pop, l_push, l_need, lanes_starved,
    lanes_free_next, begun, lanes_arrived, arriving, check);

  wire [7:0] lpop = ~fire ? 0 : end_of_request ? lneed : lend / WB, rpop = ~fire ? 0 : end_of_request ? rneed : rend / WB;
  assign limit = {dma_words, limit4 + {24'd0, l_push}, limit3, limit2 + {24'd0, pushed}, limit1, limit0};
  assign place = {32'd0, 32'd0, place3, 32'd0, place1, place0};
  assign want = {8'd0, 8'd16, l_need, 8'd16, rneed, lneed};
  assign pop = {avail[5*8 +: 8], avail[4*8 +: 8], l_pop, avail[2*8 +: 8], rpop, lpop};
  assign array_written = done[2*32 +: 32] + avail[2*8 +: 8];
  assign lanes_written = done[4*32 +: 32] + avail[4*8 +: 8];
  assign dma_done = done[5*32 +: 32];

  always @(posedge clk) if (rst) begin
    busy <= 0; parity <= 0; fold <= 0; folds_left <= 0; beat <= 0; lpos <= 0; rpos <= 0; since <= 255; rows_before <= 0;
    limit0 <= 0; limit1 <= 0; limit2 <= 0; limit3 <= 0; limit4 <= 0; place0 <= 0; place1 <= 0; place3 <= 0;
    first_out <= 0; next_out <= 0; packed_ <= 0; bytes <= 0; part <= 0; overflow <= 0;
  end else begin
    limit2 <= limit2 + pushed; limit4 <= limit4 + l_push;
    packed_ <= packed_next; bytes <= bytes_next; part <= part_next; first_out <= first_next;
    for (e = 0; e < C; e = e + 1) if (e < pushed) results[(limit2 + e) % RESULTS] <= full[e];
    if (limit2 + pushed - done[2*32 +: 32] > WIN) overflow <= 1;
    if (since != 255) since <= since + 1;
    if (fire & (beat == k - 1)) begin since <= 1; rows_before <= rows; end
    if (fire) begin
      lpos <= end_of_request ? 0 : lend % WB; rpos <= end_of_request ? 0 : rend % WB; end
    if (step) begin
      if (beat == period - 1) begin
        beat <= 0; fold <= fold + 1; folds_left <= folds_left - 1; parity <= ~parity;
        if (folds_left == 1) busy <= 0;
      end else beat <= beat + 1;
    end
    if (array_go) begin
      busy <= 1; fold <= a_first; folds_left <= a_folds; beat <= 0; lpos <= 0; rpos <= 0;
      limit0 <= limit0 + a_left_words; limit1 <= limit1 + a_right_words;
      place0 <= a_left - limit0; place1 <= a_right - limit1;
      total[next_out] <= a_elements; obs[next_out] <= fob[a_first]; next_out <= next_out + 1;
    end
    if (lanes_go) begin limit3 <= limit3 + l_words; place3 <= l_at - limit3; end
  end
endmodule
