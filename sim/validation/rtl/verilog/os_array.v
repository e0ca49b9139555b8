// The array of os_core.v by itself: ping-pong operand banks (one read of R and one of C elements a cycle) and a
// sequencer, which feeds a fold k beats and starts the next one when the period of this one is over.
module os_array #(parameter R = 8, C = 8, W = 16, AW = 48, KMAX = 4096) (
  input clk, input rst,
  input load_en, input load_bank, input [15:0] load_k, input [R*W-1:0] load_a, input [C*W-1:0] load_b,
  input go, input go_bank, input [15:0] k, input [15:0] period, input [15:0] rows, output reg busy, output start_ok,
  output [C*AW-1:0] out, output [C-1:0] out_v, output clash, output [31:0] macs_now, output feeding);
  reg [R*W-1:0] abank [0:2*KMAX-1];
  reg [C*W-1:0] bbank [0:2*KMAX-1];
  reg [15:0] beat, k_r, per_r, rows_r; reg bank_r, parity;
  integer r; reg [R*5-1:0] flags;
  assign start_ok = ~busy | (beat == per_r - 1);
  assign feeding = busy & (beat < k_r);
  always @(posedge clk) if (load_en) begin
    abank[{16'd0, load_bank}*KMAX + {16'd0, load_k}] <= load_a;
    bbank[{16'd0, load_bank}*KMAX + {16'd0, load_k}] <= load_b;
  end
  always @(posedge clk) if (rst) begin busy <= 0; beat <= 0; k_r <= 0; per_r <= 0; rows_r <= R; bank_r <= 0; parity <= 1; end
    else if (go & start_ok) begin
      busy <= 1; beat <= 0; k_r <= k; per_r <= period; rows_r <= rows; bank_r <= go_bank; parity <= ~parity; end
    else if (busy) begin if (beat == per_r - 1) busy <= 0; beat <= beat + 1; end
  always @* for (r = 0; r < R; r = r + 1)
    flags[r*5 +: 5] = {1'b1, parity, feeding & (r + rows_r >= R), beat == 0, beat == k_r - 1};
  wire [C-1:0] unused;
  os_core #(R, C, W, AW) core(clk, rst, flags,
    abank[{16'd0, bank_r}*KMAX + {16'd0, beat}], bbank[{16'd0, bank_r}*KMAX + {16'd0, beat}], {C{1'b1}},
    out, out_v, unused, clash, macs_now);
endmodule
