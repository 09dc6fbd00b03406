/* place.c: which rank stands on which host. */
#include "world.h"

#include "../host/base/text.h"

#include <mpi.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct host_entry {
    char name[FC_NAME_SIZE];
    int32_t ranks_count; /* on it; 0 from a rank that is not the first of its host */
} host_entry;

/* The first rank of each host speaks for it. Hosts are told apart by shared memory, not by name: two containers may
 * have one name. */
static fc_status this_host(host_entry *out, fc_error *error) {
    MPI_Comm host;
    int rank = 0;
    int count = 0;
    char name[MPI_MAX_PROCESSOR_NAME] = "";
    int length = 0;
    memset(out, 0, sizeof *out);
    if (MPI_Comm_split_type(MPI_COMM_WORLD, MPI_COMM_TYPE_SHARED, 0, MPI_INFO_NULL, &host) != MPI_SUCCESS) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "MPI does not tell which ranks share a host");
    }
    int failed = MPI_Comm_rank(host, &rank) != MPI_SUCCESS || MPI_Comm_size(host, &count) != MPI_SUCCESS ||
                 MPI_Get_processor_name(name, &length) != MPI_SUCCESS;
    (void)MPI_Comm_free(&host);
    if (failed) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "MPI does not tell where its ranks are");
    }
    fc_text_excerpt(out->name, sizeof out->name, name[0] != '\0' ? name : "unnamed");
    out->ranks_count = rank == 0 ? (int32_t)count : 0;
    return FC_OK;
}

/* "node1: 4, node2: 4", cut with … */
static void name_hosts(fc_machine *machine, const host_entry *entries, uint32_t ranks) {
    static const char more[] = ", …";
    size_t used = 0;
    for (uint32_t i = 0; i < ranks; i++) {
        if (entries[i].ranks_count == 0) {
            continue;
        }
        char one[FC_NAME_SIZE + 32];
        (void)snprintf(one, sizeof one, "%s%s: %d", used > 0 ? ", " : "", entries[i].name, (int)entries[i].ranks_count);
        if (used + strlen(one) + sizeof more > sizeof machine->rank_hosts) {
            memcpy(&machine->rank_hosts[used], more, sizeof more);
            return;
        }
        memcpy(&machine->rank_hosts[used], one, strlen(one) + 1);
        used += strlen(one);
    }
}

static void count_hosts(fc_machine *machine, const host_entry *entries, uint32_t ranks) {
    machine->ranks_count = ranks;
    machine->rank_hosts_count = 0;
    machine->ranks_per_host_most = 0;
    machine->ranks_per_host_least = ranks;
    for (uint32_t i = 0; i < ranks; i++) {
        uint32_t count = (uint32_t)entries[i].ranks_count;
        machine->rank_hosts_count += count > 0;
        machine->ranks_per_host_most = count > machine->ranks_per_host_most ? count : machine->ranks_per_host_most;
        machine->ranks_per_host_least =
            count > 0 && count < machine->ranks_per_host_least ? count : machine->ranks_per_host_least;
    }
    const char *placement = machine->rank_hosts_count == 1
                                ? "one host"
                                : (machine->ranks_per_host_most == 1 ? "one rank a host" : "several ranks a host");
    (void)fc_text_copy(machine->rank_placement, sizeof machine->rank_placement, placement);
}

fc_status fc_world_describe(const fc_ranks *ranks, fc_machine *machine, fc_error *error) {
    char library[MPI_MAX_LIBRARY_VERSION_STRING] = "";
    int length = 0;
    host_entry own;
    if (MPI_Get_library_version(library, &length) != MPI_SUCCESS) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "MPI does not tell its version");
    }
    library[strcspn(library, ",\n")] = '\0'; /* "Open MPI v4.1.4, package: …" */
    fc_text_excerpt(machine->mpi_library, sizeof machine->mpi_library, library);
    FC_TRY(this_host(&own, error));
    host_entry *entries = calloc(ranks->count, sizeof *entries);
    if (entries == NULL) {
        return fc_error_set(error, FC_FAILED, NULL, 0, 0, "no memory for %u ranks", ranks->count);
    }
    int code = MPI_Gather(&own, (int)sizeof own, MPI_BYTE, entries, (int)sizeof own, MPI_BYTE, 0, MPI_COMM_WORLD);
    if (code == MPI_SUCCESS && ranks->rank == 0) {
        count_hosts(machine, entries, ranks->count);
        name_hosts(machine, entries, ranks->count);
    }
    free(entries);
    return code == MPI_SUCCESS ? FC_OK
                               : fc_error_set(error, FC_FAILED, NULL, 0, 0, "MPI_Gather of the hosts' names failed");
}
