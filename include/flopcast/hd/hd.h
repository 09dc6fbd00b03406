/* hd.h: how one piece of arithmetic serves the CPU, CUDA and WebAssembly.
 *
 * What FC_HD decorates is the common subset of C17 and C++17 (explicit casts; no VLA, compound literal, restrict or
 * _Generic) and uses only + - * / sqrt fabs floor and the functions of hd/math.h, so that every machine gives the same
 * bits. No input or output, no allocation, no globals, no errors: a wrong argument gives a wrong number, and the
 * callers check before they call.
 */
#ifndef FLOPCAST_HD_HD_H
#define FLOPCAST_HD_HD_H

#include <math.h> /* sqrt fabs floor only: exact on every machine by IEEE 754 */
#include <stdint.h>

#ifndef FC_HD /* one large kernel has its own */
#ifdef __CUDACC__
#define FC_HD static inline __host__ __device__
#else
#define FC_HD static inline
#endif
#endif

FC_HD double fc_hd_min(double a, double b) { return a < b ? a : b; }
FC_HD double fc_hd_max(double a, double b) { return a > b ? a : b; }
FC_HD double fc_hd_clamp(double x, double low, double high) { return x < low ? low : (x > high ? high : x); }
FC_HD double fc_hd_ceil(double x) { return -floor(-x); }
/* Pieces of `size` that cover `total`: ceil(total / size); size > 0. */
FC_HD double fc_hd_pieces(double total, double size) { return fc_hd_ceil(total / size); }

#endif
