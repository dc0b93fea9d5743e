// The input features of the network: sines and cosines of waves over the texture, so that a small network can learn
// detail. Read by neural.glsl, which draws, and by neural_texture.cpp, which trains.
//
// WAVES(index, x, y, x', y'): the periods of two waves along each axis; whole numbers, so that the texture tiles. Each
// pair gives four features: sin, cos, sin', cos'.
#define ENCODING(WAVES) \
  WAVES(0, 1, 0, 0, 1)  \
  WAVES(1, 1, 1, 1, -1) \
  WAVES(2, 2, 0, 0, 2)  \
  WAVES(3, 2, 1, 2, -1) \
  WAVES(4, 1, 2, 1, -2) \
  WAVES(5, 2, 2, 2, -2) \
  WAVES(6, 3, 0, 0, 3)  \
  WAVES(7, 3, 1, 3, -1) \
  WAVES(8, 1, 3, 1, -3) \
  WAVES(9, 4, 0, 0, 4)

#define ENCODING_PAIRS 10
#define NETWORK_WIDTH 24  // of a hidden layer; a multiple of 4
#define NETWORK_LAYERS 2  // hidden ones
