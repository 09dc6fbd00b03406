/* make_answers.c: writes the known answers beside it, from referees that are not ours.
 *
 *     cc -ffp-contract=off -Iinclude tests/hd/make_answers.c -o make_answers -lmpfr -lgmp -lm
 *     ./make_answers math > tests/hd/math.csv                          (MPFR, correctly rounded)
 *     ./make_answers philox4x32_10 > tests/hd/philox4x32_10.csv        (Random123)
 */
#include "referee.h"

#include <Random123/philox.h>
#include <stdio.h>
#include <string.h>

#define SAMPLES_PER_FUNCTION 80

static void write_math(int function, fc_sample at) {
    mpfr_t answer;
    mpfr_init2(answer, FC_REFEREE_BITS);
    fc_referee_call(answer, function, at);
    double value = mpfr_get_d(answer, MPFR_RNDN);
    printf("%s,%a,%a,%a\n", fc_sample_name(function), at.x, at.y, fc_hd_is_nan(value) ? fabs(value) : value);
    mpfr_clear(answer);
}

/* Where functions of this kind go wrong: zeros, subnormals, ends of the range, neighbours of 1, reduction boundaries. */
static const double edges[] = {0.0,
                               0x1p-1074,
                               0x1.ffffffffffffep-1023,
                               0x1p-1022,
                               0x1p-600,
                               0x1p-55,
                               0x1p-54,
                               0x1p-53,
                               0x1p-27,
                               0.1,
                               0x1.62e42fefa39efp-2,
                               0x1.62e42fefa39f0p-2,
                               0.5,
                               0x1.62e42fefa39efp-1,
                               0x1.6a09e667f3bccp-1,
                               0x1.6a09e667f3bcdp-1,
                               0x1.fffffffffffffp-1,
                               1.0,
                               0x1.0000000000001p+0,
                               0x1.6a09e667f3bcdp+0,
                               0x1.6a09e667f3bcep+0,
                               1.5,
                               2.0,
                               3.0,
                               8.0,
                               10.0,
                               36.5,
                               37.0,
                               37.75,
                               40.0,
                               1000.0,
                               1022.0,
                               1022.5,
                               1023.9999999999999,
                               1024.0,
                               1074.0,
                               1074.5,
                               1075.0,
                               709.78271289338397,
                               709.78271289338409,
                               745.1332191019411,
                               745.1332191019412,
                               708.3964185322641,
                               1e10,
                               0x1p53,
                               1e22,
                               0x1p59,
                               0x1p60,
                               1e300,
                               0x1.fffffffffffffp+1023};

static const double power_edges[] = {0.0,
                                     0x1p-1074,
                                     0x1p-1022,
                                     0.5,
                                     0x1.fffffffffffffp-1,
                                     1.0,
                                     0x1.0000000000001p+0,
                                     2.0,
                                     3.0,
                                     10.0,
                                     2.5,
                                     1023.0,
                                     1024.0,
                                     1074.0,
                                     0x1.8p52,
                                     0x1p53,
                                     1e300,
                                     0x1.fffffffffffffp+1023};

static void write_powers(double infinity) {
    int count = (int)(sizeof power_edges / sizeof power_edges[0]);
    for (int i = 0; i <= count; i++) {
        for (int j = 0; j <= count; j++) {
            for (int signs = 0; signs < 4; signs++) {
                fc_sample at;
                at.x = i < count ? power_edges[i] : infinity;
                at.y = j < count ? power_edges[j] : infinity;
                at.x = (signs & 1) != 0 ? -at.x : at.x;
                at.y = (signs & 2) != 0 ? -at.y : at.y;
                write_math(FC_SAMPLE_POW, at);
            }
        }
    }
}

static void write_edges(int function, double infinity, double nan) {
    fc_sample at = {nan, 0.0};
    write_math(function, at);
    for (int sign = -1; sign <= 1; sign += 2) {
        for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++) {
            at.x = sign * edges[i];
            write_math(function, at);
        }
        at.x = sign * infinity;
        write_math(function, at);
    }
}

static void write_all_math(void) {
    printf("function,x,y,answer\n");
    for (int function = 0; function < FC_SAMPLE_SPLIT_NORMAL; function++) {
        if (function == FC_SAMPLE_POW) {
            write_powers(fc_hd_infinity());
        } else {
            write_edges(function, fc_hd_infinity(), fc_hd_nan());
        }
        for (uint64_t i = 0; i < SAMPLES_PER_FUNCTION; i++) {
            fc_sample at = fc_sample_at(function, i);
            at.y = function == FC_SAMPLE_POW ? at.y : 0.0;
            write_math(function, at);
        }
    }
}

static void write_philox(const uint32_t in[6]) {
    philox4x32_ctr_t counter = {{in[0], in[1], in[2], in[3]}};
    philox4x32_key_t key = {{in[4], in[5]}};
    philox4x32_ctr_t out = philox4x32_R(10, counter, key);
    for (int i = 0; i < 6; i++) {
        printf("%08x,", in[i]);
    }
    printf("%08x,%08x,%08x,%08x\n", out.v[0], out.v[1], out.v[2], out.v[3]);
}

static void write_all_philox(void) {
    /* The first three are the ones that Random123 publishes (kat_vectors). */
    static const uint32_t published[3][6] = {{0, 0, 0, 0, 0, 0},
                                             {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff},
                                             {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0}};
    printf("counter0,counter1,counter2,counter3,key0,key1,out0,out1,out2,out3\n");
    for (int i = 0; i < 3; i++) {
        write_philox(published[i]);
    }
    for (int bit = 0; bit < 192; bit += 5) {
        uint32_t in[6] = {0, 0, 0, 0, 0, 0};
        in[bit / 32] = UINT32_C(1) << (bit % 32);
        write_philox(in);
    }
    for (uint32_t i = 1; i <= 50; i++) {
        uint32_t in[6] = {i, i * 0x9E3779B9, ~i, i * i, i * 0x85EBCA6B, i << 20};
        write_philox(in);
    }
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "math") == 0) {
        write_all_math();
    } else if (argc == 2 && strcmp(argv[1], "philox4x32_10") == 0) {
        write_all_philox();
    } else {
        fprintf(stderr, "usage: make_answers math|philox4x32_10\n");
        return 2;
    }
    return fflush(stdout) == 0 ? 0 : 1;
}
