#define _GNU_SOURCE /* sched_getaffinity and CPU_COUNT */
#include "machine.h"

#include "../base/text.h"

#include <ctype.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

#define ASSUMED_CACHE_BYTES (32.0 * 1024.0 * 1024.0)
/* A mask for more processors than any one machine has today; larger ones fall back to the count of those online. */
#define MOST_PROCESSORS 8192

/* The first line of a small system file, without its end; false when it cannot be read. */
static bool read_line(const char *path, char *out, size_t out_size) {
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        return false;
    }
    bool ok = fgets(out, (int)out_size, file) != NULL;
    fclose(file);
    if (ok) {
        out[strcspn(out, "\n")] = '\0';
    }
    return ok;
}

/* The value behind "key : value" of /proc/cpuinfo's first processor. */
static bool cpuinfo_value(const char *key, char *out, size_t out_size) {
    FILE *file = fopen("/proc/cpuinfo", "r");
    if (file == NULL) {
        return false;
    }
    char line[8192]; /* the flags line passes 2 KiB */
    bool found = false;
    while (!found && fgets(line, sizeof line, file) != NULL) {
        char *colon = strchr(line, ':');
        if (colon == NULL || strncmp(line, key, strlen(key)) != 0) {
            continue;
        }
        const char *rest = line + strlen(key);
        if (!isspace((unsigned char)*rest) && *rest != ':') {
            continue;
        }
        colon++;
        colon += strspn(colon, " \t");
        colon[strcspn(colon, "\n")] = '\0';
        fc_text_copy(out, out_size, colon);
        found = true;
    }
    fclose(file);
    return found;
}

static bool has_flag(const char *flags, const char *flag) {
    size_t length = strlen(flag);
    for (const char *at = strstr(flags, flag); at != NULL; at = strstr(at + 1, flag)) {
        bool starts = at == flags || at[-1] == ' ';
        bool ends = at[length] == '\0' || at[length] == ' ';
        if (starts && ends) {
            return true;
        }
    }
    return false;
}

/* The widest vector unit, which decides the order of magnitude of a processor's matmul rate. */
static const char *simd_name(void) {
    static const struct {
        const char *flag;
        const char *name;
    } units[] = {{"amx_tile", "amx"}, {"avx512f", "avx512"}, {"avx2", "avx2"}, {"avx", "avx"},
                 {"sse2", "sse2"},    {"sve", "sve"},        {"asimd", "neon"}};
    char flags[8192] = "";
    if (!cpuinfo_value("flags", flags, sizeof flags) && !cpuinfo_value("Features", flags, sizeof flags)) {
        return "unknown";
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++) {
        if (has_flag(flags, units[i].flag)) {
            return units[i].name;
        }
    }
    return "unknown";
}

/* A container's limit counts where it is below what the machine has. */
static double memory_bytes(void) {
    long pages = sysconf(_SC_PHYS_PAGES);
    long page_bytes = sysconf(_SC_PAGESIZE);
    double bytes = pages > 0 && page_bytes > 0 ? (double)pages * (double)page_bytes : 0.0;
    char line[64];
    if (read_line("/sys/fs/cgroup/memory.max", line, sizeof line)) {
        char *end = line;
        double limit = strtod(line, &end);
        if (end != line && limit > 0.0 && (bytes <= 0.0 || limit < bytes)) {
            bytes = limit;
        }
    }
    return bytes;
}

void fc_machine_describe(fc_machine *out) {
    memset(out, 0, sizeof *out);
    if (!cpuinfo_value("model name", out->cpu, sizeof out->cpu)) {
        fc_text_copy(out->cpu, sizeof out->cpu, "unknown processor");
    }
    struct utsname names;
    if (uname(&names) == 0) {
        char kernel[FC_TEXT_SIZE];
        snprintf(kernel, sizeof kernel, "%.60s %.100s %.60s", names.sysname, names.release, names.machine);
        fc_text_copy(out->kernel, sizeof out->kernel, kernel);
    } else {
        fc_text_copy(out->kernel, sizeof out->kernel, "unknown");
    }
    if (!read_line("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor", out->governor, sizeof out->governor)) {
        fc_text_copy(out->governor, sizeof out->governor, "unknown");
    }
    fc_text_copy(out->simd, sizeof out->simd, simd_name());
    out->cores_count = fc_machine_threads_count();
    out->memory_bytes = memory_bytes();
}

uint32_t fc_machine_processors_count(void) {
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 && online < MOST_PROCESSORS ? (uint32_t)online : 1;
}

uint32_t fc_machine_threads_count(void) {
    size_t size = CPU_ALLOC_SIZE(MOST_PROCESSORS);
    cpu_set_t *mask = CPU_ALLOC(MOST_PROCESSORS);
    int count = 0;
    if (mask != NULL && sched_getaffinity(0, size, mask) == 0) {
        count = CPU_COUNT_S(size, mask);
    }
    CPU_FREE(mask);
    return count >= 1 ? (uint32_t)count : fc_machine_processors_count();
}

/* "266240K" or "32M" to bytes; 0 when it is neither. */
static double parse_cache_size(const char *text) {
    char *end = NULL;
    double value = strtod(text, &end);
    if (end == text || !(value > 0.0)) {
        return 0.0;
    }
    return *end == 'K' ? value * 1024.0 : (*end == 'M' ? value * 1024.0 * 1024.0 : value);
}

double fc_machine_cache_bytes(void) {
    double most = 0.0;
    for (int index = 0; index < 8; index++) {
        char path[96];
        char line[64];
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/size", index);
        double bytes = read_line(path, line, sizeof line) ? parse_cache_size(line) : 0.0;
        most = bytes > most ? bytes : most;
    }
    return most > 0.0 ? most : ASSUMED_CACHE_BYTES;
}

/* Processors in a list such as "0-3,8,10-11". */
static uint32_t count_list(const char *list) {
    uint32_t count = 0;
    for (const char *at = list; *at != '\0';) {
        char *end = NULL;
        unsigned long first = strtoul(at, &end, 10);
        if (end == at) {
            break;
        }
        unsigned long last = first;
        if (*end == '-') {
            at = end + 1;
            last = strtoul(at, &end, 10);
        }
        count += last >= first && last - first < MOST_PROCESSORS ? (uint32_t)(last - first + 1) : 0;
        at = *end == ',' ? end + 1 : end;
    }
    return count;
}

static bool cache_value(int index, const char *name, char *out, size_t out_size) {
    char path[96];
    snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu0/cache/index%d/%s", index, name);
    return read_line(path, out, out_size);
}

double fc_machine_level_bytes(uint32_t level, uint32_t *out_sharing) {
    for (int index = 0; index < 8; index++) {
        char text[256];
        if (!cache_value(index, "level", text, sizeof text) || strtoul(text, NULL, 10) != level ||
            !cache_value(index, "type", text, sizeof text) || strcmp(text, "Instruction") == 0 ||
            !cache_value(index, "size", text, sizeof text)) {
            continue;
        }
        double bytes = parse_cache_size(text);
        uint32_t sharing = cache_value(index, "shared_cpu_list", text, sizeof text) ? count_list(text) : 0;
        *out_sharing = sharing > 0 ? sharing : 1;
        return bytes;
    }
    *out_sharing = 1;
    static const int names[] = {_SC_LEVEL1_DCACHE_SIZE, _SC_LEVEL2_CACHE_SIZE, _SC_LEVEL3_CACHE_SIZE};
    long bytes = level >= 1 && level <= 3 ? sysconf(names[level - 1]) : 0;
    return bytes > 0 ? (double)bytes : 0.0;
}

double fc_machine_clock_hz(void) {
    char text[64];
    if (!cpuinfo_value("cpu MHz", text, sizeof text)) {
        return 0.0;
    }
    double mhz = strtod(text, NULL);
    return mhz > 0.0 ? mhz * 1e6 : 0.0;
}

void fc_machine_stamp(char out[32]) {
    time_t now = time(NULL);
    struct tm utc;
    if (gmtime_r(&now, &utc) == NULL || strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &utc) == 0) {
        snprintf(out, 32, "1970-01-01T00:00:00Z");
    }
}
