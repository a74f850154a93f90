// SPDX-License-Identifier: Apache-2.0
// Loaded before the C library into one process of tests/ledger_crash.rs: writes down, in their order, all changes of files
// in a folder and all that the process says, and lets the process die in the middle of any of them.
//
// A record: kind, length of the path, path, offset, length of the data, data. Kinds: W write, T truncation (offset: size),
// S sync, R rename (data: the new path), U removal, M said on standard output.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

static int book = -1;
static const char *folder;
static size_t folder_length;
static long until = -1, done;

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("RECORDER_BOOK");
    folder = getenv("RECORDER_FOLDER");
    if (!path || !folder)
        return;
    folder_length = strlen(folder);
    book = (int)syscall(SYS_openat, AT_FDCWD, path, O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (getenv("RECORDER_KILL"))
        until = atol(getenv("RECORDER_KILL"));
}

static void put(const void *data, size_t length) {
    const char *from = data;
    while (length > 0) {
        long written = syscall(SYS_write, book, from, length);
        if (written <= 0)
            abort();
        from += written;
        length -= (size_t)written;
    }
}

static void record(char kind, const char *path, uint64_t offset, const void *data, uint64_t length) {
    uint64_t path_length = strlen(path);
    put(&kind, 1);
    put(&path_length, 8);
    put(path, path_length);
    put(&offset, 8);
    put(&length, 8);
    put(data, length);
}

static int inside(const char *path) {
    return book >= 0 && strncmp(path, folder, folder_length) == 0 && !strstr(path, "-shm");
}

static int named(int file, char path[PATH_MAX]) {
    char link[64];
    if (book < 0 || file == book)
        return 0;
    snprintf(link, sizeof link, "/proc/self/fd/%d", file);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    if (length < 0)
        return 0;
    path[length] = 0;
    return inside(path);
}

// Whether the process ends here. Of a write, the first half is done.
static int ends(void) { return ++done == until; }

static void end(void) {
    kill(getpid(), SIGKILL);
    for (;;)
        pause();
}

ssize_t pwrite64(int file, const void *data, size_t length, off64_t offset) {
    char path[PATH_MAX];
    if (named(file, path)) {
        if (ends()) {
            syscall(SYS_pwrite64, file, data, length / 2, offset);
            end();
        }
        record('W', path, (uint64_t)offset, data, length);
    }
    return syscall(SYS_pwrite64, file, data, length, offset);
}

ssize_t pwrite(int file, const void *data, size_t length, off_t offset) { return pwrite64(file, data, length, offset); }

ssize_t write(int file, const void *data, size_t length) {
    char path[PATH_MAX];
    if (named(file, path)) {
        off64_t offset = lseek(file, 0, SEEK_CUR);
        if (ends()) {
            syscall(SYS_write, file, data, length / 2);
            end();
        }
        record('W', path, (uint64_t)offset, data, length);
    } else if (file == 1 && book >= 0) {
        long written = syscall(SYS_write, file, data, length);
        record('M', "", 0, data, length);
        return written;
    }
    return syscall(SYS_write, file, data, length);
}

int fsync(int file) {
    char path[PATH_MAX];
    int recorded = named(file, path);
    if (recorded && ends())
        end();
    int result = (int)syscall(SYS_fsync, file);
    if (recorded)
        record('S', path, 0, "", 0);
    return result;
}

int fdatasync(int file) { return fsync(file); }

int ftruncate64(int file, off64_t size) {
    char path[PATH_MAX];
    if (named(file, path)) {
        if (ends())
            end();
        record('T', path, (uint64_t)size, "", 0);
    }
    return (int)syscall(SYS_ftruncate, file, size);
}

int ftruncate(int file, off_t size) { return ftruncate64(file, size); }

int rename(const char *from, const char *to) {
    if (inside(from)) {
        if (ends())
            end();
        record('R', from, 0, to, strlen(to));
    }
    return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path) {
    if (inside(path)) {
        if (ends())
            end();
        record('U', path, 0, "", 0);
    }
    return (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}
