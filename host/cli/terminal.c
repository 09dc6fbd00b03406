/* terminal.c: stdin, stdout, stderr, and files named with -o. */
#include "terminal.h"

#include "../base/units.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h> /* getenv */
#include <string.h>
#include <sys/ioctl.h> /* TIOCGWINSZ */
#include <sys/stat.h>
#include <unistd.h>

#define MOST_ERROR_LINES 8
#define LEAST_WIDTH 40
#define MOST_WIDTH 1000

void fc_terminal_prepare(void) {
    for (int descriptor = 0; descriptor <= 2; descriptor++) {
        if (fcntl(descriptor, F_GETFD) == -1 && errno == EBADF) {
            /* Read-only for stdout: writing to it must still fail. */
            int opened = open("/dev/null", descriptor == 2 ? O_WRONLY : O_RDONLY);
            if (opened == -1) {
                return; /* no /dev/null in this world: then as it was */
            }
        }
    }
    signal(SIGPIPE, SIG_IGN);
}

static int terminal_width(void) {
    struct winsize size;
    uint64_t width = 0;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
        width = size.ws_col;
    } else {
        const char *columns = getenv("COLUMNS");
        if (columns == NULL || fc_units_parse_u64(&width, columns, NULL) != FC_OK) {
            return 0;
        }
    }
    return width < LEAST_WIDTH ? LEAST_WIDTH : width > MOST_WIDTH ? MOST_WIDTH : (int)width;
}

void fc_terminal_detect(fc_context *context, bool to_file, bool no_color) {
    bool screen = !to_file && isatty(STDOUT_FILENO) == 1;
    const char *refused = getenv("NO_COLOR"); /* no-color.org: set and not empty */
    const char *kind = getenv("TERM");
    bool dumb = kind == NULL || strcmp(kind, "dumb") == 0;
    context->color = screen && !no_color && !dumb && (refused == NULL || refused[0] == '\0');
    context->terminal = isatty(STDERR_FILENO) == 1;
    context->width = screen ? terminal_width() : 0;
}

static bool is_stdout(const char *path) { return path == NULL || strcmp(path, "-") == 0; }

/* A device or a pipe is written in place: renaming a file over /dev/null would destroy it. */
static bool is_special(const char *path) {
    struct stat about;
    return stat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

fc_status fc_output_check(const char *path, fc_error *error) {
    if (is_stdout(path)) {
        return FC_OK;
    }
    if (path[0] == '\0' || fc_folder_exists(path)) {
        return fc_error_set(error, FC_USAGE, "-o", 0, 0, "\"%.200s\" is not a file name; give the file to write", path);
    }
    char folder[4096];
    if (!fc_text_copy(folder, sizeof folder, path)) {
        return fc_error_set(error, FC_USAGE, "-o", 0, 0, "the path is longer than %zu bytes; give a shorter one",
                            sizeof folder - 1);
    }
    char *slash = strrchr(folder, '/');
    if (slash == NULL || slash == folder) {
        return FC_OK;
    }
    *slash = '\0';
    if (!fc_folder_exists(folder)) {
        return fc_error_set(error, FC_FAILED, "-o", 0, 0,
                            "cannot write %.200s: there is no folder %.200s; make it first", path, folder);
    }
    return FC_OK;
}

static fc_status write_all(int descriptor, const char *name, const char *bytes, size_t size, fc_error *error) {
    size_t done = 0;
    while (done < size) {
        ssize_t written = write(descriptor, bytes + done, size - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            const char *reason = written < 0 ? strerror(errno) : "nothing was taken";
            return fc_error_set(error, FC_FAILED, name, 0, 0, "wrote %zu of %zu bytes: %s", done, size, reason);
        }
        done += (size_t)written;
    }
    return FC_OK;
}

/* Some file systems tell of a full disk only when the file is closed. */
static fc_status close_written(int descriptor, const char *name, fc_error *error) {
    if (close(descriptor) == 0 || errno == EINTR) {
        return FC_OK;
    }
    return fc_error_set(error, FC_FAILED, name, 0, 0, "could not be written to its end: %s", strerror(errno));
}

fc_status fc_output_write(const char *path, const char *bytes, size_t size, fc_error *error) {
    if (is_stdout(path)) {
        FC_TRY(write_all(STDOUT_FILENO, "stdout", bytes, size, error));
        return close_written(STDOUT_FILENO, "stdout", error);
    }
    if (!is_special(path)) {
        return fc_file_write(path, bytes, size, error);
    }
    int descriptor = open(path, O_WRONLY);
    if (descriptor == -1) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "cannot be opened for writing: %s", strerror(errno));
    }
    fc_status status = write_all(descriptor, path, bytes, size, error);
    fc_status closed = close_written(descriptor, path, error);
    return status != FC_OK ? status : closed;
}

/* Values from files stand in messages; what would move a terminal's cursor or change its title becomes '?'. */
static void tame(char *text) {
    int lines = 1;
    for (char *c = text; *c != '\0'; c++) {
        unsigned char byte = (unsigned char)*c;
        unsigned char after = (unsigned char)c[1];
        if (byte == '\n' && ++lines > MOST_ERROR_LINES) {
            *c = '\0';
            return;
        }
        if (byte == 0xc2 && after >= 0x80 && after <= 0x9f) {
            *c++ = '?';
            *c = '?';
        } else if ((byte < 0x20 && byte != '\n') || byte == 0x7f) {
            *c = '?';
        }
    }
}

void fc_error_print(const char *who, const fc_error *error) {
    char text[2 * sizeof(fc_error)];
    fc_error_format(error, text, sizeof text);
    tame(text);
    fprintf(stderr, "%s: %s\n", who, text);
}
