/* world.c: MPI behind the table of bench/ranks.h. The only file that calls it, with place.c and queue.c. */
#include "world.h"

#include "flopcast/measure.h"

#include <mpi.h>

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static fc_status judge(int code, const char *what, fc_error *error) {
    if (code == MPI_SUCCESS) {
        return FC_OK;
    }
    char text[MPI_MAX_ERROR_STRING] = "";
    int length = 0;
    (void)MPI_Error_string(code, text, &length);
    return fc_error_set(error, FC_FAILED, NULL, 0, 0, "%s failed: %.800s", what, text);
}

static int ring(const float *send, float *receive, int count) {
    int rank = 0;
    int ranks = 1;
    (void)MPI_Comm_rank(MPI_COMM_WORLD, &rank);
    (void)MPI_Comm_size(MPI_COMM_WORLD, &ranks);
    return MPI_Sendrecv(send, count, MPI_FLOAT, (rank + 1) % ranks, 0, receive, count, MPI_FLOAT,
                        (rank + ranks - 1) % ranks, 0, MPI_COMM_WORLD, MPI_STATUS_IGNORE);
}

static fc_status world_exchange(void *user, fc_collective_op op, const float *send, float *receive, size_t elements,
                                fc_error *error) {
    const fc_ranks *ranks = user;
    int all = (int)elements;
    int piece = (int)(elements / ranks->count);
    switch (op) {
    case FC_COLLECTIVE_ALL_REDUCE:
        return judge(MPI_Allreduce(send, receive, all, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD), "MPI_Allreduce", error);
    case FC_COLLECTIVE_ALL_GATHER:
        return judge(MPI_Allgather(send, piece, MPI_FLOAT, receive, piece, MPI_FLOAT, MPI_COMM_WORLD), "MPI_Allgather",
                     error);
    case FC_COLLECTIVE_REDUCE_SCATTER:
        return judge(MPI_Reduce_scatter_block(send, receive, piece, MPI_FLOAT, MPI_SUM, MPI_COMM_WORLD),
                     "MPI_Reduce_scatter_block", error);
    case FC_COLLECTIVE_ALL_TO_ALL:
        return judge(MPI_Alltoall(send, piece, MPI_FLOAT, receive, piece, MPI_FLOAT, MPI_COMM_WORLD), "MPI_Alltoall",
                     error);
    default:
        return judge(ring(send, receive, all), "MPI_Sendrecv", error);
    }
}

static fc_status world_barrier(void *user, fc_error *error) {
    (void)user;
    return judge(MPI_Barrier(MPI_COMM_WORLD), "MPI_Barrier", error);
}

static fc_status world_tell(void *user, void *bytes, size_t size, fc_error *error) {
    (void)user;
    return judge(MPI_Bcast(bytes, (int)size, MPI_BYTE, 0, MPI_COMM_WORLD), "MPI_Bcast", error);
}

/* To rank 0 and from there: so that all ranks stand on one number, whatever an all-reduce would give each of them. */
static fc_status world_largest(void *user, double *value, fc_error *error) {
    double largest = *value;
    FC_TRY(judge(MPI_Reduce(value, &largest, 1, MPI_DOUBLE, MPI_MAX, 0, MPI_COMM_WORLD), "MPI_Reduce", error));
    *value = largest;
    return world_tell(user, value, sizeof *value, error);
}

static double world_now_s(void *user) {
    (void)user;
    return fc_measure_now_s();
}

/* The library's own threads are never to be hit by SIGTERM: it goes to the first thread, which may hold it back for a while
 * (queue.c). Other threads may work beside the one that calls MPI; queue.c looks whether that is so. */
static fc_status start(int *argc, char ***argv, fc_error *error) {
    sigset_t end;
    sigset_t before;
    int provided = MPI_THREAD_SINGLE;
    (void)sigemptyset(&end);
    (void)sigaddset(&end, SIGTERM);
    (void)pthread_sigmask(SIG_BLOCK, &end, &before);
    fc_status status = judge(MPI_Init_thread(argc, argv, MPI_THREAD_FUNNELED, &provided), "MPI_Init_thread", error);
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status;
}

fc_status fc_world_open(fc_ranks *out, int *argc, char ***argv, fc_error *error) {
    int rank = 0;
    int count = 1;
    FC_TRY(start(argc, argv, error));
    /* Failures come back as codes, so that the message is ours and names what was done. */
    FC_TRY(judge(MPI_Comm_set_errhandler(MPI_COMM_WORLD, MPI_ERRORS_RETURN), "MPI_Comm_set_errhandler", error));
    FC_TRY(judge(MPI_Comm_rank(MPI_COMM_WORLD, &rank), "MPI_Comm_rank", error));
    FC_TRY(judge(MPI_Comm_size(MPI_COMM_WORLD, &count), "MPI_Comm_size", error));
    *out = (fc_ranks){.user = out,
                      .rank = (uint32_t)rank,
                      .count = (uint32_t)count,
                      .exchange = world_exchange,
                      .barrier = world_barrier,
                      .largest = world_largest,
                      .tell = world_tell,
                      .now_s = world_now_s};
    return FC_OK;
}

void fc_world_close(void) { (void)MPI_Finalize(); /* on the way out there is nobody left to tell of a failure */ }

void fc_world_abort(fc_status status) {
    (void)MPI_Abort(MPI_COMM_WORLD, (int)status);
    exit((int)status); /* MPI_Abort may return where it could not reach the others */
}

void fc_world_who(const fc_ranks *ranks, char *out, size_t out_size) {
    char host[MPI_MAX_PROCESSOR_NAME] = "an unnamed host";
    int length = 0;
    (void)MPI_Get_processor_name(host, &length);
    (void)snprintf(out, out_size, "rank %u of %u on %.64s", ranks->rank, ranks->count, host);
}
