/* The referee is Random123: directly where it is installed (FC_HAVE_RANDOM123), and always through
 * tests/hd/philox4x32_10.csv, which it wrote. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "flopcast/hd/rng.h"
#ifdef FC_HAVE_RANDOM123
#include <Random123/philox.h>
#endif

#ifndef FC_TESTS_FOLDER
#define FC_TESTS_FOLDER "tests"
#endif

#define DRAWS 1000000
#define CELLS 1000

static void assert_philox(const uint32_t in[6], const uint32_t out[4]) {
    fc_philox counter = {{in[0], in[1], in[2], in[3]}};
    fc_philox got = fc_hd_philox(counter, in[4], in[5]);
    for (int i = 0; i < 4; i++) {
        assert_int_equal(got.v[i], out[i]);
    }
}

static void test_hd_rng__known_answers(void **state) {
    (void)state;
    char line[256];
    int vectors = 0;
    FILE *file = fopen(FC_TESTS_FOLDER "/hd/philox4x32_10.csv", "r");
    assert_non_null(file);
    assert_non_null(fgets(line, sizeof line, file)); /* the column names */
    while (fgets(line, sizeof line, file) != NULL) {
        uint32_t v[10];
        char *next = line;
        for (int i = 0; i < 10; i++) {
            v[i] = (uint32_t)strtoul(next, &next, 16);
            assert_int_equal(*next, i < 9 ? ',' : '\n');
            next += 1;
        }
        assert_philox(v, v + 6);
        vectors += 1;
    }
    fclose(file);
    assert_int_equal(vectors, 92);
}

/* The three vectors that Random123 publishes, again here, so that a spoilt file is noticed. */
static void test_hd_rng__published_vectors(void **state) {
    (void)state;
    const uint32_t zero[6] = {0, 0, 0, 0, 0, 0};
    const uint32_t zero_out[4] = {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8};
    const uint32_t ones[6] = {0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff};
    const uint32_t ones_out[4] = {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd};
    const uint32_t pi[6] = {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0};
    const uint32_t pi_out[4] = {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1};
    assert_philox(zero, zero_out);
    assert_philox(ones, ones_out);
    assert_philox(pi, pi_out);
}

static void test_hd_rng__agrees_with_random123(void **state) {
    (void)state;
#ifdef FC_HAVE_RANDOM123
    uint32_t v[6] = {1, 2, 3, 4, 5, 6};
    for (int i = 0; i < 100000; i++) {
        philox4x32_ctr_t counter = {{v[0], v[1], v[2], v[3]}};
        philox4x32_key_t key = {{v[4], v[5]}};
        philox4x32_ctr_t out = philox4x32_R(10, counter, key);
        assert_philox(v, out.v);
        v[i % 6] ^= out.v[i % 4]; /* the next question comes from this answer */
    }
#else
    print_message("Random123 is not installed (librandom123-dev): known answers only\n");
    skip();
#endif
}

/* seed = key; trial and stream = counter: written out, so that no argument is dropped or crossed with another. */
static void test_hd_rng__uniform_is_philox_of_its_arguments(void **state) {
    (void)state;
    fc_philox counter = {{0x89ABCDEF, 0x01234567, 0xFEDCBA98, 0}};
    fc_philox out = fc_hd_philox(counter, 0x76543210, 0x0F1E2D3C);
    uint64_t bits = ((uint64_t)out.v[1] << 32) | out.v[0];
    double u = fc_hd_uniform(UINT64_C(0x0F1E2D3C76543210), UINT64_C(0x0123456789ABCDEF), 0xFEDCBA98);
    uint64_t steps = (bits >> 12) * 2 + 1;
    assert_true(u == (double)steps / 9007199254740992.0);
    assert_true(u != fc_hd_uniform(UINT64_C(0x0F1E2D3C76543211), UINT64_C(0x0123456789ABCDEF), 0xFEDCBA98));
    assert_true(u != fc_hd_uniform(UINT64_C(0x8F1E2D3C76543210), UINT64_C(0x0123456789ABCDEF), 0xFEDCBA98));
    assert_true(u != fc_hd_uniform(UINT64_C(0x0F1E2D3C76543210), UINT64_C(0x8123456789ABCDEF), 0xFEDCBA98));
    assert_true(u != fc_hd_uniform(UINT64_C(0x0F1E2D3C76543210), UINT64_C(0x0123456789ABCDEF), 0xFEDCBA99));
}

/* Draw i of one walk: along trials, or along streams. */
static double draw(int along_streams, uint32_t i) {
    return along_streams != 0 ? fc_hd_uniform(42, 7, i) : fc_hd_uniform(42, i, 0);
}

/* Limits at five standard deviations: fixed seeds, so this cannot flicker. */
static void test_hd_rng__uniform_moments(void **state) {
    (void)state;
    for (int along = 0; along < 2; along++) {
        double sum = 0.0, squares = 0.0, lagged = 0.0, before = 0.0;
        for (uint32_t i = 0; i < DRAWS; i++) {
            double u = draw(along, i);
            assert_true(u > 0.0 && u < 1.0);
            double centred = u - 0.5;
            sum += centred;
            squares += centred * centred;
            lagged += centred * before;
            before = centred;
        }
        double root = sqrt((double)DRAWS);
        assert_true(fabs(sum) < 5.0 * root * sqrt(1.0 / 12.0));
        assert_true(fabs(squares - DRAWS / 12.0) < 5.0 * root * sqrt(1.0 / 180.0));
        assert_true(fabs(lagged) < 5.0 * root / 12.0);
    }
}

/* 1000 cells: chi-square has mean 999 and standard deviation 44.7. Too even is as wrong as too uneven. */
static void test_hd_rng__uniform_chi_square(void **state) {
    (void)state;
    for (int along = 0; along < 2; along++) {
        uint32_t counts[CELLS] = {0};
        uint32_t triples[CELLS] = {0}; /* tenths of three draws in a row */
        double expected = (double)DRAWS / CELLS;
        uint32_t window = 0;
        double chi = 0.0, chi_triples = 0.0;
        for (uint32_t i = 0; i < DRAWS; i++) {
            double u = draw(along, i);
            counts[(uint32_t)(u * CELLS)] += 1;
            window = (window * 10 + (uint32_t)(u * 10.0)) % 1000;
            triples[window] += 1;
        }
        for (int i = 0; i < CELLS; i++) {
            chi += (counts[i] - expected) * (counts[i] - expected) / expected;
            chi_triples += (triples[i] - expected) * (triples[i] - expected) / expected;
        }
        assert_true(chi > 999.0 - 5.0 * 44.7 && chi < 999.0 + 5.0 * 44.7);
        /* overlapping triples are correlated, hence the wider limit */
        assert_true(chi_triples > 999.0 - 8.0 * 44.7 && chi_triples < 999.0 + 8.0 * 44.7);
    }
}

/* The low bits must be as random as the high ones. */
static void test_hd_rng__uniform_uses_its_bits(void **state) {
    (void)state;
    int ones[53] = {0};
    for (uint32_t i = 0; i < 100000; i++) {
        uint64_t whole = (uint64_t)(draw(0, i) * 0x1p53);
        for (int bit = 0; bit < 53; bit++) {
            ones[bit] += (int)((whole >> bit) & 1);
        }
    }
    assert_int_equal(ones[0], 100000); /* odd multiples of 2^-53: never 0, never 1 */
    for (int bit = 1; bit < 53; bit++) {
        assert_true(ones[bit] > 50000 - 800 && ones[bit] < 50000 + 800); /* five standard deviations: 790 */
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_hd_rng__known_answers),
        cmocka_unit_test(test_hd_rng__published_vectors),
        cmocka_unit_test(test_hd_rng__agrees_with_random123),
        cmocka_unit_test(test_hd_rng__uniform_is_philox_of_its_arguments),
        cmocka_unit_test(test_hd_rng__uniform_moments),
        cmocka_unit_test(test_hd_rng__uniform_chi_square),
        cmocka_unit_test(test_hd_rng__uniform_uses_its_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
