// R x C processing elements (PEs) that keep their outputs: an output-stationary systolic array, without its operands.
//
// A beat has an element of R rows and C columns. Both are skewed by shift registers; operands of rows move right, those
// of columns down, one hop a cycle, one MAC a PE and cycle. When a PE has its last product it copies the sum into a
// shadow register; the shadow registers of a column shift down and leave at the bottom, one a column and cycle.
// Flags move with the rows: {kept, fold parity, valid, first, last}. Rows without work have no valid beats; then those
// in use are the lowest. Folds of odd and even parity alternate, so that a column knows which results it shifts out.
// "kept" marks the results that belong to the product, not to its padding.
//
// Registers are held in memories and stepped by loops from bottom right to top left, so that neighbours are read before
// they change, and 32 x 32 PEs compile in seconds.
module os_core #(parameter R = 8, C = 8, W = 16, AW = 48) (
  input clk, input rst,
  input [R*5-1:0] flags, input [R*W-1:0] a_row, input [C*W-1:0] b_row, input [C-1:0] b_kept,
  output reg [C*AW-1:0] out, output reg [C-1:0] out_v, output reg [C-1:0] out_kept,
  output reg clash, output reg [31:0] macs_now);
  reg signed [W-1:0] ask [0:R*R-1]; reg [4:0] fsk [0:R*R-1];       // skew of rows, [row][stage]
  reg signed [W-1:0] bsk [0:C*C-1]; reg ksk [0:C*C-1];             // skew of columns
  reg signed [W-1:0] ar [0:R*C-1]; reg [4:0] fr [0:R*C-1];         // what PEs hand on to the right
  reg signed [W-1:0] br [0:R*C-1]; reg kr [0:R*C-1];               // and down
  reg signed [AW-1:0] acc [0:R*C-1];
  reg signed [AW-1:0] sr [0:R*C-1]; reg [2:0] sv [0:R*C-1];        // shadow registers: {kept, parity, valid}
  reg [15:0] left [0:C-1]; reg tag [0:C-1];                        // shifts to come of a column, of which parity
  integer r, c, d;
  reg [31:0] n; reg signed [W-1:0] a, b; reg [4:0] f; reg k; reg signed [AW-1:0] s; reg leaves, comes;

  always @* begin
    out = 0; out_v = 0; out_kept = 0;
    for (c = 0; c < C; c = c + 1) begin
      out[c*AW +: AW] = sr[(R-1)*C+c];
      out_v[c] = (left[c] != 0) & sv[(R-1)*C+c][0] & (sv[(R-1)*C+c][1] == tag[c]);
      out_kept[c] = out_v[c] & sv[(R-1)*C+c][2];
    end
  end

  always @(posedge clk) if (rst) begin
    for (d = 0; d < R*C; d = d + 1) begin
      fr[d] = 0; sv[d] = 0; acc[d] = 0; ar[d] = 0; br[d] = 0; sr[d] = 0; kr[d] = 0; end
    for (d = 0; d < R*R; d = d + 1) begin ask[d] = 0; fsk[d] = 0; end
    for (d = 0; d < C*C; d = d + 1) begin bsk[d] = 0; ksk[d] = 0; end
    for (d = 0; d < C; d = d + 1) begin left[d] = 0; tag[d] = 1; end
    clash <= 0; macs_now <= 0;
  end else begin
    n = 0;
    for (c = C-1; c >= 0; c = c - 1) begin
      for (r = R-1; r >= 0; r = r - 1) begin
        if (c == 0 && r == 0) begin a = a_row[0 +: W]; f = flags[0 +: 5]; end
        else if (c == 0) begin a = ask[r*R+r-1]; f = fsk[r*R+r-1]; end
        else begin a = ar[r*C+c-1]; f = fr[r*C+c-1]; end
        if (r == 0 && c == 0) begin b = b_row[0 +: W]; k = b_kept[0]; end
        else if (r == 0) begin b = bsk[c*C+c-1]; k = ksk[c*C+c-1]; end
        else begin b = br[(r-1)*C+c]; k = kr[(r-1)*C+c]; end
        leaves = (left[c] != 0) & sv[r*C+c][0] & (sv[r*C+c][1] == tag[c]);
        comes = (r == 0) ? 1'b0 : ((left[c] != 0) & sv[(r-1)*C+c][0] & (sv[(r-1)*C+c][1] == tag[c]));
        s = (f[1] ? 0 : acc[r*C+c]) + a * b;
        if (f[2]) begin n = n + 1; acc[r*C+c] = s; end
        if (f[2] & f[0]) begin
          if (sv[r*C+c][0] & ~leaves) clash <= 1;  // overwrites a result that has not left
          if (comes) clash <= 1;                   // two results want one register
          sr[r*C+c] = s; sv[r*C+c] = {f[4] & k, f[3], 1'b1};
        end else if (comes) begin sr[r*C+c] = sr[(r-1)*C+c]; sv[r*C+c] = sv[(r-1)*C+c]; end
        else if (leaves) sv[r*C+c] = 0;
        ar[r*C+c] = a; fr[r*C+c] = f; br[r*C+c] = b; kr[r*C+c] = k;
      end
      f = fr[(R-1)*C+c];                            // the bottom PE loaded in this cycle if its flags say so
      if (f[2] & f[0]) begin left[c] = R; tag[c] = f[3]; end else if (left[c] != 0) left[c] = left[c] - 1;
    end
    for (r = 1; r < R; r = r + 1) begin
      for (d = r-1; d > 0; d = d - 1) begin ask[r*R+d] = ask[r*R+d-1]; fsk[r*R+d] = fsk[r*R+d-1]; end
      ask[r*R] = a_row[r*W +: W]; fsk[r*R] = flags[r*5 +: 5];
    end
    for (c = 1; c < C; c = c + 1) begin
      for (d = c-1; d > 0; d = d - 1) begin bsk[c*C+d] = bsk[c*C+d-1]; ksk[c*C+d] = ksk[c*C+d-1]; end
      bsk[c*C] = b_row[c*W +: W]; ksk[c*C] = b_kept[c];
    end
    macs_now <= n;
  end
endmodule
