// Requesters by themselves on the banks of banks.v: each uses "want" consecutive words a cycle, "todo" times, and stands
// still while one of them is missing.
module arb #(parameter N = 2, B = 16, WIN = 64) (
  input clk, input rst, input [7:0] ahead, input [8*N-1:0] want, input [32*N-1:0] todo, input [32*N-1:0] place,
  output reg [32*N-1:0] finished, input [31:0] now, output reg all);
  reg [31:0] times [0:N-1]; reg [8*N-1:0] pop, owner; reg [32*N-1:0] limit;
  wire [8*N-1:0] avail; wire [32*N-1:0] done; reg ready;
  integer i;
  banks #(N, B, WIN) memory(clk, rst, B, ahead, 1'b0, owner, limit, place, want, pop, avail, done);
  always @* for (i = 0; i < N; i = i + 1) begin
    owner[i*8 +: 8] = i;
    limit[i*32 +: 32] = todo[i*32 +: 32] * want[i*8 +: 8];
    pop[i*8 +: 8] = (times[i] < todo[i*32 +: 32] && avail[i*8 +: 8] >= want[i*8 +: 8]) ? want[i*8 +: 8] : 0;
  end
  always @(posedge clk) if (rst) begin
    for (i = 0; i < N; i = i + 1) times[i] <= 0; finished <= 0; all <= 0;
  end else begin
    ready = 1;
    for (i = 0; i < N; i = i + 1) begin
      if (pop[i*8 +: 8] != 0) begin
        times[i] <= times[i] + 1;
        if (times[i] + 1 == todo[i*32 +: 32]) finished[i*32 +: 32] <= now + 1;
        else ready = 0;
      end else if (times[i] < todo[i*32 +: 32]) ready = 0;
    end
    all <= ready;
  end
endmodule
