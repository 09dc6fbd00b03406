/* nccl.cpp: the emulated NCCL. What a group holds is carried out when it ends, with real sums on the CPU, from the very
 * pointers, counts, types and peers that each rank gave; what would wait for ever on a real machine is an error. */
#include "state.h"

#include <algorithm>
#include <cstring>
#include <vector>

namespace {

enum { SUCCESS = 0, UNHANDLED_CUDA = 1, INVALID_ARGUMENT = 4, INVALID_USAGE = 5 };
enum { FLOAT32 = 7, FLOAT64 = 8 };
enum { SUM = 0, MOST = 2 };
enum kind { ALL_REDUCE, ALL_GATHER, REDUCE_SCATTER, SEND, RECEIVE };

/* The ranks that were made together. */
struct clique {
    int ranks;
    int alive;
};

struct communicator {
    clique *all;
    int rank;
    int device;
};

struct operation {
    kind what;
    const unsigned char *from;
    unsigned char *to;
    size_t count; /* as the caller gave it */
    int type;
    int reduction;
    int peer;
    communicator *comm;
    cudaStream_t stream;
};

std::vector<operation> pending;
int depth = 0;
bool broken = false; /* a call of the open group failed: then its end does nothing and says so */

size_t width_of(int type) { return type == FLOAT64 ? 8 : 4; }

double number_at(const unsigned char *bytes, size_t index, int type) {
    if (type == FLOAT64) {
        double value;
        memcpy(&value, bytes + 8 * index, sizeof value);
        return value;
    }
    float value;
    memcpy(&value, bytes + 4 * index, sizeof value);
    return static_cast<double>(value);
}

void put(unsigned char *bytes, size_t index, int type, double value) {
    const float narrow = static_cast<float>(value);
    if (type == FLOAT64) {
        memcpy(bytes + 8 * index, &value, sizeof value);
    } else {
        memcpy(bytes + 4 * index, &narrow, sizeof narrow);
    }
}

/* Numbers that an operation reads and writes. */
size_t sent(const operation &one) {
    const size_t ranks = static_cast<size_t>(one.comm->all->ranks);
    return one.what == REDUCE_SCATTER ? ranks * one.count : one.count;
}
size_t received(const operation &one) {
    const size_t ranks = static_cast<size_t>(one.comm->all->ranks);
    return one.what == ALL_GATHER ? ranks * one.count : one.count;
}

bool is_sound(const operation &one) {
    if (!emulated_alive(one.comm) || !emulated_alive(one.stream) || one.stream->device != one.comm->device ||
        (one.type != FLOAT32 && one.type != FLOAT64) || one.peer < 0 || one.peer >= one.comm->all->ranks) {
        return false;
    }
    const size_t width = width_of(one.type);
    const int device = one.comm->device;
    return (one.what == RECEIVE || emulated_holds(one.from, sent(one) * width, device)) &&
           (one.what == SEND || emulated_holds(one.to, received(one) * width, device));
}

/* ---- carrying out ----------------------------------------------------------------------------------------------- */

double reduced(const std::vector<const operation *> &ranks, size_t index) {
    double all = number_at(ranks[0]->from, index, ranks[0]->type);
    for (size_t i = 1; i < ranks.size(); i++) {
        const double value = number_at(ranks[i]->from, index, ranks[i]->type);
        all = ranks[0]->reduction == SUM ? all + value : std::max(all, value);
    }
    return all;
}

void carry_out_one(const std::vector<const operation *> &ranks, const operation &one, size_t rank) {
    const size_t width = width_of(one.type);
    for (size_t i = 0; i < one.count && one.what != ALL_GATHER; i++) {
        const size_t from = one.what == REDUCE_SCATTER ? rank * one.count + i : i;
        put(one.to, i, one.type, reduced(ranks, from));
    }
    for (size_t peer = 0; peer < ranks.size() && one.what == ALL_GATHER; peer++) {
        memcpy(one.to + peer * one.count * width, ranks[peer]->from, one.count * width);
    }
}

/* The operation of every rank of the clique, or none where one is missing or differs. */
std::vector<const operation *> partners(const clique *all) {
    std::vector<const operation *> ranks(static_cast<size_t>(all->ranks), nullptr);
    for (const operation &one : pending) {
        const operation *&place = ranks[static_cast<size_t>(one.comm->rank)];
        if (one.comm->all == all && place == nullptr) {
            place = &one;
        }
    }
    for (const operation *one : ranks) {
        if (one == nullptr || one->what != ranks[0]->what || one->count != ranks[0]->count ||
            one->type != ranks[0]->type || one->reduction != ranks[0]->reduction) {
            return {};
        }
    }
    return ranks;
}

bool carry_out_collective() {
    const std::vector<const operation *> ranks = partners(pending[0].comm->all);
    if (ranks.empty() || ranks.size() != pending.size()) {
        return false;
    }
    for (size_t rank = 0; rank < ranks.size(); rank++) {
        carry_out_one(ranks, *ranks[rank], rank);
    }
    return true;
}

/* Each receive takes the first send to it that was not taken yet. */
bool carry_out_messages() {
    std::vector<bool> taken(pending.size(), false);
    for (const operation &to : pending) {
        bool found = to.what == SEND;
        for (size_t i = 0; i < pending.size() && !found; i++) {
            const operation &from = pending[i];
            if (from.what == SEND && !taken[i] && from.comm->all == to.comm->all && from.peer == to.comm->rank &&
                from.comm->rank == to.peer && from.count == to.count && from.type == to.type) {
                memcpy(to.to, from.from, to.count * width_of(to.type));
                taken[i] = true;
                found = true;
            }
        }
        if (!found) {
            return false;
        }
    }
    return static_cast<size_t>(std::count(taken.begin(), taken.end(), true)) * 2 == pending.size();
}

/* All streams leave together, after the last of them came. */
void take_time() {
    double last_s = 0.0;
    double bytes = 0.0;
    for (const operation &one : pending) {
        last_s = std::max(last_s, one.stream->clock_s);
        bytes = std::max(bytes, static_cast<double>(std::max(sent(one), received(one)) * width_of(one.type)));
    }
    for (const operation &one : pending) {
        one.stream->clock_s = last_s + EMULATED_LAUNCH_S + bytes / EMULATED_BYTES_PER_S;
    }
}

int carry_out() {
    for (const operation &one : pending) {
        if (!is_sound(one)) {
            return INVALID_ARGUMENT;
        }
    }
    const bool is_message = pending[0].what == SEND || pending[0].what == RECEIVE;
    if (!(is_message ? carry_out_messages() : carry_out_collective())) {
        emulated().misuses++;
        return INVALID_USAGE;
    }
    take_time();
    return SUCCESS;
}

/* ---- what is exported ------------------------------------------------------------------------------------------- */

bool enter() { return emulated_enter_in(FC_EMULATED_IN_NCCL); }

const char *error_string(int result) {
    switch (result) {
    case SUCCESS:
        return "no error";
    case UNHANDLED_CUDA:
        return "emulated: unhandled CUDA error";
    case INVALID_ARGUMENT:
        return "emulated: invalid argument";
    default:
        return "emulated: invalid usage";
    }
}

int comm_init_all(communicator **out, int count, const int *devices) {
    if (!enter()) {
        return UNHANDLED_CUDA;
    }
    std::set<int> different(devices, devices + count);
    if (count < 1 || different.size() != static_cast<size_t>(count) || *different.begin() < 0 ||
        *different.rbegin() >= emulated().devices) {
        return INVALID_ARGUMENT;
    }
    clique *all = emulated_make<clique>();
    all->ranks = count;
    all->alive = count;
    for (int i = 0; i < count; i++) {
        out[i] = emulated_make<communicator>();
        out[i]->all = all;
        out[i]->rank = i;
        out[i]->device = devices[i];
    }
    return SUCCESS;
}

int comm_end(communicator *comm) {
    const bool sound = enter();
    if (!emulated_alive(comm)) {
        return INVALID_ARGUMENT;
    }
    if (--comm->all->alive == 0) {
        (void)emulated_end(comm->all);
    }
    (void)emulated_end(comm);
    return sound ? SUCCESS : UNHANDLED_CUDA;
}

int group_start() {
    if (!enter()) {
        return UNHANDLED_CUDA;
    }
    depth++;
    return SUCCESS;
}

int group_end() {
    const bool sound = enter();
    if (depth == 0) {
        emulated().misuses++;
        return INVALID_USAGE;
    }
    depth = sound && !broken ? depth - 1 : 0;
    int result = sound && !broken ? SUCCESS : UNHANDLED_CUDA;
    if (result == SUCCESS && depth == 0 && !pending.empty()) {
        result = carry_out();
    }
    pending.clear();
    broken = false;
    return result;
}

int add(operation one) {
    if (!enter()) {
        broken = depth > 0;
        return UNHANDLED_CUDA;
    }
    if (depth == 0) {
        emulated().misuses++; /* one rank alone would wait for the others for ever */
        return INVALID_USAGE;
    }
    const uint32_t fault = emulated().fault;
    one.reduction = fault == FC_EMULATED_WRONG_REDUCTION ? static_cast<int>(MOST) : one.reduction;
    one.count -= fault == FC_EMULATED_WRONG_COUNT ? 1U : 0U;
    if (fault == FC_EMULATED_WRONG_DTYPE) {
        one.type = FLOAT64;
        one.count /= 2;
    }
    if (fault == FC_EMULATED_WRONG_PEER && emulated_alive(one.comm)) {
        one.peer = (one.peer + (one.what == SEND ? 1 : one.comm->all->ranks - 1)) % one.comm->all->ranks;
    }
    pending.push_back(one);
    return SUCCESS;
}

const unsigned char *bytes_of(const void *at) { return static_cast<const unsigned char *>(at); }
unsigned char *bytes_of(void *at) { return static_cast<unsigned char *>(at); }

int all_reduce(const void *from, void *to, size_t count, int type, int op, communicator *comm, cudaStream_t stream) {
    return add({ALL_REDUCE, bytes_of(from), bytes_of(to), count, type, op, 0, comm, stream});
}
int all_gather(const void *from, void *to, size_t count, int type, communicator *comm, cudaStream_t stream) {
    return add({ALL_GATHER, bytes_of(from), bytes_of(to), count, type, SUM, 0, comm, stream});
}
int reduce_scatter(const void *from, void *to, size_t count, int type, int op, communicator *comm,
                   cudaStream_t stream) {
    return add({REDUCE_SCATTER, bytes_of(from), bytes_of(to), count, type, op, 0, comm, stream});
}
int send(const void *from, size_t count, int type, int peer, communicator *comm, cudaStream_t stream) {
    return add({SEND, bytes_of(from), nullptr, count, type, SUM, peer, comm, stream});
}
int receive(void *to, size_t count, int type, int peer, communicator *comm, cudaStream_t stream) {
    return add({RECEIVE, nullptr, bytes_of(to), count, type, SUM, peer, comm, stream});
}

} // namespace

const emulated_symbol *emulated_nccl(size_t *out_count) {
    static const emulated_symbol symbols[] = {
        {"ncclGetErrorString", reinterpret_cast<void *>(error_string)},
        {"ncclCommInitAll", reinterpret_cast<void *>(comm_init_all)},
        {"ncclCommDestroy", reinterpret_cast<void *>(comm_end)},
        {"ncclCommAbort", reinterpret_cast<void *>(comm_end)},
        {"ncclGroupStart", reinterpret_cast<void *>(group_start)},
        {"ncclGroupEnd", reinterpret_cast<void *>(group_end)},
        {"ncclAllReduce", reinterpret_cast<void *>(all_reduce)},
        {"ncclAllGather", reinterpret_cast<void *>(all_gather)},
        {"ncclReduceScatter", reinterpret_cast<void *>(reduce_scatter)},
        {"ncclSend", reinterpret_cast<void *>(send)},
        {"ncclRecv", reinterpret_cast<void *>(receive)},
    };
    *out_count = sizeof symbols / sizeof symbols[0];
    return symbols;
}
