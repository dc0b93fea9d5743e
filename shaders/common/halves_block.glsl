// A block of halves on its way into shared memory, where what a matrix unit sums over lies side by side.
#ifndef COMMON_HALVES_BLOCK
#define COMMON_HALVES_BLOCK

// Four lines of eight elements each.
struct Block {
  uvec4 line[4];
};

// Eight rows of four elements turned into four lines of eight.
Block turned_block(uvec2 x[8]) {
  Block block;
  [[unroll]] for (uint i = 0; i < 4; ++i) {
    const uvec2 p = uvec2(x[2 * i].x, x[2 * i + 1].x), q = uvec2(x[2 * i].y, x[2 * i + 1].y);
    block.line[0][i] = (p.x & 0xffffu) | p.y << 16;
    block.line[1][i] = p.x >> 16 | (p.y & 0xffff0000u);
    block.line[2][i] = (q.x & 0xffffu) | q.y << 16;
    block.line[3][i] = q.x >> 16 | (q.y & 0xffff0000u);
  }
  return block;
}

#endif
