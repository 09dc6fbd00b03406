/* warps.cpp: the threads of a kernel, warp by warp. Each thread of a warp has a stack of its own and runs until it waits for
 * the others; then the next one goes on, so that shuffles find what the others left.
 *
 * Most kernels never wait, and stacks are dear: the first warp of a launch runs with them, and if no thread waited, the
 * rest run as plain calls, one after another. A wait after that is told as an error, never taken for none. */
#include "state.h"

#include <cstdio>
#include <cstdlib>
#include <memory>

#include <ucontext.h>

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/common_interface_defs.h>
#endif

#define WARP_THREADS 32U
#define STACK_BYTES ((size_t)64 << 10)

thread_local dim3 threadIdx, blockIdx, blockDim, gridDim;

namespace {

/* What the lanes of a warp leave for each other: two rounds, since a fast lane may be one ahead of the slowest. */
struct warp {
    unsigned char left[2][WARP_THREADS][8];
    unsigned arrived;
    unsigned round;
};

struct fiber {
    ucontext_t context;
    bool finished;
    void *fake_stack; /* AddressSanitizer's */
};

struct warp_run {
    fiber fibers[WARP_THREADS];
    warp exchange;
    unsigned char *stacks;
    ucontext_t scheduler;
    const void *scheduler_stack;
    size_t scheduler_stack_bytes;
    const std::function<void()> *thread;
    unsigned first; /* thread of the block that is lane 0 */
    unsigned current;
    unsigned steps; /* waits that ended and threads that finished: none in a whole turn is a deadlock */
    bool waited;
    bool misused; /* a shuffle of a part of a warp */
};

thread_local warp_run *running = nullptr;

void leave(fiber *from, bool for_good) {
    warp_run *run = running;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_start_switch_fiber(for_good ? nullptr : &from->fake_stack, run->scheduler_stack,
                                   run->scheduler_stack_bytes);
#else
    (void)for_good;
#endif
    (void)swapcontext(&from->context, &run->scheduler);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(from->fake_stack, nullptr, nullptr);
#endif
}

void fiber_main() {
    warp_run *run = running;
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(nullptr, &run->scheduler_stack, &run->scheduler_stack_bytes);
#endif
    fiber *self = &run->fibers[run->current];
    (*run->thread)();
    self->finished = true;
    run->steps++;
    leave(self, true);
}

void resume(warp_run *run, unsigned index) {
    run->current = index;
    threadIdx = dim3(run->first + index, 0, 0);
    fiber *to = &run->fibers[index];
#if defined(__SANITIZE_ADDRESS__)
    void *own = nullptr;
    __sanitizer_start_switch_fiber(&own, run->stacks + index * STACK_BYTES, STACK_BYTES);
#endif
    (void)swapcontext(&run->scheduler, &to->context);
#if defined(__SANITIZE_ADDRESS__)
    __sanitizer_finish_switch_fiber(own, nullptr, nullptr);
#endif
}

/* By itself, since getcontext returns twice as far as the compiler knows. */
__attribute__((noinline)) void start_one(fiber *made, unsigned char *stack) {
    made->finished = false;
    made->fake_stack = nullptr;
    (void)getcontext(&made->context);
    made->context.uc_stack.ss_sp = stack;
    made->context.uc_stack.ss_size = STACK_BYTES;
    made->context.uc_link = nullptr;
    makecontext(&made->context, fiber_main, 0);
}

/* Its threads in turns; false when nothing moved in a whole turn. */
bool run_warp(warp_run *run, unsigned first, unsigned threads) {
    run->first = first;
    run->exchange.arrived = 0;
    run->exchange.round = 0;
    for (unsigned i = 0; i < threads; i++) {
        start_one(&run->fibers[i], run->stacks + i * STACK_BYTES);
    }
    for (unsigned left = threads; left > 0;) {
        const unsigned before = run->steps;
        left = 0;
        for (unsigned i = 0; i < threads; i++) {
            if (!run->fibers[i].finished) {
                resume(run, i);
                left += run->fibers[i].finished ? 0U : 1U;
            }
        }
        if (left > 0 && run->steps == before) {
            return false;
        }
    }
    return !run->misused;
}

/* Kept from launch to launch: new memory costs more than a small kernel. */
unsigned char *all_stacks() {
    static thread_local std::unique_ptr<unsigned char[]> stacks(new unsigned char[WARP_THREADS * STACK_BYTES]);
    return stacks.get();
}

/* Threads first to end of the block, which is one warp or less. */
bool run_threads(warp_run *run, bool with_stacks, unsigned first, unsigned end) {
    running = with_stacks ? run : nullptr;
    if (with_stacks) {
        const bool sound = run_warp(run, first, end - first);
        running = nullptr;
        return sound;
    }
    for (unsigned t = first; t < end; t++) {
        threadIdx = dim3(t, 0, 0);
        (*run->thread)();
    }
    return true;
}

} // namespace

void fc_emulated_exchange(void *out, const void *value, size_t bytes, unsigned lane) {
    warp_run *run = running;
    if (run == nullptr) {
        (void)fprintf(stderr, "emulated CUDA: a warp shuffles and the first one did not\n");
        abort();
    }
    run->waited = true;
    run->misused = run->misused || bytes == 0 || blockDim.x % WARP_THREADS != 0;
    const unsigned self = run->current;
    warp *mine = &run->exchange;
    const unsigned round = mine->round;
    memcpy(mine->left[round % 2][self], value, bytes);
    mine->arrived++;
    if (mine->arrived == WARP_THREADS) {
        mine->arrived = 0;
        mine->round++;
        run->steps++;
    }
    while (mine->round == round) {
        leave(&run->fibers[self], false);
    }
    const bool is_lost = emulated().fault == FC_EMULATED_LOST_SHUFFLE;
    memcpy(out, mine->left[round % 2][is_lost ? self : lane], bytes);
}

bool emulated_run_threads(dim3 grid, dim3 block, const std::function<void()> &thread) {
    gridDim = grid;
    blockDim = block;
    warp_run run = {};
    run.stacks = all_stacks();
    run.thread = &thread;
    for (unsigned b = 0; b < grid.x; b++) {
        blockIdx = dim3(b, 0, 0);
        for (unsigned first = 0; first < block.x; first += WARP_THREADS) {
            const bool is_first = b == 0 && first == 0;
            const unsigned end = first + WARP_THREADS < block.x ? first + WARP_THREADS : block.x;
            if (!run_threads(&run, is_first || run.waited, first, end)) {
                return false;
            }
        }
    }
    return true;
}
