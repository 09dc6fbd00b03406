/* realpath belongs to the X/Open part of POSIX. */
#ifndef _XOPEN_SOURCE
#define _XOPEN_SOURCE 700
#endif

#include "text.h"
#include "tree.h" /* FC_FILE_MAX_BYTES */

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK_BYTES ((size_t)64 << 10)

/* Never NULL; the system's sentence for `code`. */
static const char *reason(int code, char *buffer, size_t size) {
    if (strerror_r(code, buffer, size) != 0) {
        (void)snprintf(buffer, size, "error %d", code);
    }
    return buffer;
}

static fc_status fail(fc_error *error, fc_status status, const char *path, const char *what, int code) {
    char text[128];
    return fc_error_set(error, status, path, 0, 0, "%s: %s", what, reason(code, text, sizeof text));
}

static fc_status open_for_reading(int *out, const char *path, fc_error *error) {
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        int code = errno;
        if (code == ENOENT) {
            return fc_error_set(error, FC_BAD_INPUT, path, 0, 0,
                                "there is no such file; check the spelling of the path");
        }
        return fail(error, FC_BAD_INPUT, path, "the file cannot be opened", code);
    }
    struct stat info;
    if (fstat(fd, &info) != 0) {
        int code = errno;
        (void)close(fd);
        return fail(error, FC_FAILED, path, "the file cannot be examined", code);
    }
    if (S_ISDIR(info.st_mode)) {
        (void)close(fd);
        return fc_error_set(error, FC_BAD_INPUT, path, 0, 0, "this is a folder; name a file in it");
    }
    if (info.st_size > (off_t)FC_FILE_MAX_BYTES) {
        (void)close(fd);
        return fc_error_set(error, FC_OVER_LIMIT, path, 0, 0, "the file has %lld bytes; at most %zu are read",
                            (long long)info.st_size, FC_FILE_MAX_BYTES);
    }
    *out = fd;
    return FC_OK;
}

/* Reads to the end, whatever size was announced: pipes announce none and files grow. */
static fc_status read_all(fc_text *text, int fd, const char *path, fc_error *error) {
    char chunk[CHUNK_BYTES];
    for (;;) {
        ssize_t size = read(fd, chunk, sizeof chunk);
        if (size < 0 && errno == EINTR) {
            continue;
        }
        if (size < 0) {
            return fail(error, FC_FAILED, path, "the file cannot be read", errno);
        }
        if (size == 0) {
            return FC_OK;
        }
        if ((size_t)size > FC_FILE_MAX_BYTES - text->size) {
            return fc_error_set(error, FC_OVER_LIMIT, path, 0, 0, "the file has more than the %zu bytes that are read",
                                FC_FILE_MAX_BYTES);
        }
        fc_text_add_bytes(text, chunk, (size_t)size);
        if (text->failed) {
            return fc_error_set(error, FC_FAILED, path, 0, 0, "no memory left to read the file");
        }
    }
}

fc_status fc_file_read(char **out_bytes, size_t *out_size, fc_arena *arena, const char *path, fc_error *error) {
    int fd = -1;
    FC_TRY(open_for_reading(&fd, path, error));
    fc_text text = fc_text_start(arena);
    fc_status status = FC_OK;
    if (text.failed) {
        status = fc_error_set(error, FC_FAILED, path, 0, 0, "no memory left to read the file");
    } else {
        status = read_all(&text, fd, path, error);
    }
    (void)close(fd);
    if (status == FC_OK) {
        *out_bytes = text.bytes;
        *out_size = text.size;
    }
    return status;
}

static bool write_all(int fd, const char *bytes, size_t size) {
    size_t done = 0;
    while (done < size) {
        ssize_t written = write(fd, bytes + done, size - done);
        if (written < 0 && errno == EINTR) {
            continue;
        }
        if (written <= 0) {
            errno = written == 0 ? EIO : errno;
            return false;
        }
        done += (size_t)written;
    }
    return true;
}

/* A device or a pipe has no old bytes to protect, and a rename would replace it by a file. */
static fc_status write_in_place(const char *path, const char *bytes, size_t size, fc_error *error) {
    int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0) {
        return fail(error, FC_FAILED, path, "cannot be opened for writing", errno);
    }
    bool written = write_all(fd, bytes, size);
    int code = errno;
    if (close(fd) != 0 && written) {
        written = false;
        code = errno;
    }
    return written ? FC_OK : fail(error, FC_FAILED, path, "the write failed", code);
}

/* Creates a file of a name nobody uses. The kernel applies the umask; an old file's mode is kept. */
static int create_beside(char *name, size_t name_size, const char *path, const struct stat *old) {
    for (int attempt = 0; attempt < 100; attempt++) {
        int length = snprintf(name, name_size, "%s.%ld-%d.new", path, (long)getpid(), attempt);
        if (length < 0 || (size_t)length >= name_size) {
            errno = ENAMETOOLONG;
            return -1;
        }
        int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (fd >= 0 && old != NULL && fchmod(fd, old->st_mode & 07777) != 0) {
            int code = errno;
            (void)close(fd);
            (void)unlink(name);
            errno = code;
            return -1;
        }
        if (fd >= 0 || errno != EEXIST) {
            return fd;
        }
    }
    return -1;
}

/* The rename itself survives a power cut only when the folder is synced too; where folders cannot be (some network
 * file systems), the new bytes are in place all the same. */
static void sync_folder_of(char *path) {
    char *slash = strrchr(path, '/');
    const char *folder = ".";
    if (slash != NULL) {
        slash[slash == path ? 1 : 0] = '\0';
        folder = path;
    }
    int fd = open(folder, O_RDONLY | O_CLOEXEC | O_DIRECTORY);
    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
}

static fc_status write_and_rename(const char *path, const struct stat *old, const char *bytes, size_t size,
                                  const char *shown, fc_error *error) {
    char name[PATH_MAX];
    int fd = create_beside(name, sizeof name, path, old);
    if (fd < 0) {
        return fail(error, FC_FAILED, shown, "cannot be written: no new file can be made beside it", errno);
    }
    bool done = write_all(fd, bytes, size) && fsync(fd) == 0;
    int code = errno;
    if (close(fd) != 0 && done) {
        done = false;
        code = errno;
    }
    if (done && rename(name, path) != 0) {
        done = false;
        code = errno;
    }
    if (!done) {
        (void)unlink(name);
        return fail(error, FC_FAILED, shown, "the write failed, the old content stands", code);
    }
    sync_folder_of(name);
    return FC_OK;
}

fc_status fc_file_write(const char *path, const char *bytes, size_t size, fc_error *error) {
    struct stat info;
    if (stat(path, &info) != 0) {
        return write_and_rename(path, NULL, bytes, size, path, error);
    }
    if (S_ISDIR(info.st_mode)) {
        return fc_error_set(error, FC_FAILED, path, 0, 0, "this is a folder; name a file in it");
    }
    if (!S_ISREG(info.st_mode)) {
        return write_in_place(path, bytes, size, error);
    }
    /* Where the path is a link, its target is rewritten and the link stays. */
    char target[PATH_MAX];
    if (realpath(path, target) == NULL || access(target, W_OK) != 0) {
        return fail(error, FC_FAILED, path, "cannot be written", errno);
    }
    return write_and_rename(target, &info, bytes, size, path, error);
}

bool fc_file_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && !S_ISDIR(info.st_mode);
}

bool fc_folder_exists(const char *path) {
    struct stat info;
    return stat(path, &info) == 0 && S_ISDIR(info.st_mode);
}
