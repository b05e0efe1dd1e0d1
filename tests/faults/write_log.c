/* Logs what a process writes to the files of one folder, so that a test can replay a loss of power at any moment.
 *
 * cc -shared -fPIC -o write_log.so write_log.c -ldl
 * LD_PRELOAD=write_log.so WRITE_LOG_FOLDER=/absolute/folder WRITE_LOG=/elsewhere/log program …
 *
 * Each entry is a head, the path and the data. It is logged after the call has succeeded: for a sync that is the moment
 * from which on the data are safe, for a write it makes no difference, for the test decides what of it reached the disk.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

struct __attribute__((packed)) head {
    char call; /* c(reate), w(rite), t(runcate), s(ync), u(nlink) */
    uint32_t path_bytes;
    int64_t offset, data_bytes;
};

/* The function that would have been called without this file. */
#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static void note(char call, const char *path, int64_t offset, const void *data, int64_t data_bytes)
{
    static int log = -1;
    const char *folder = getenv("WRITE_LOG_FOLDER");
    if (folder == NULL || strncmp(path, folder, strlen(folder)) != 0)
        return;
    if (log < 0) /* by number, for our own open() would come back here */
        log = (int)syscall(SYS_openat, AT_FDCWD, getenv("WRITE_LOG"), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct head head = {call, (uint32_t)strlen(path), offset, data_bytes};
    struct iovec parts[] = {{&head, sizeof head}, {(void *)path, head.path_bytes}, {(void *)data, (size_t)data_bytes}};
    if (writev(log, parts, 3) != (ssize_t)sizeof head + head.path_bytes + data_bytes)
        abort(); /* a log with a hole would prove nothing */
}

static void note_fd(char call, int fd, int64_t offset, const void *data, int64_t data_bytes)
{
    char link[32], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    if (length > 0) {
        path[length] = 0;
        note(call, path, offset, data, data_bytes);
    }
}

/* A new name in the folder is safe once the folder is synced. */
#define OPEN(name)                                      \
    int name(const char *path, int flags, ...)          \
    {                                                   \
        va_list more;                                   \
        va_start(more, flags);                          \
        mode_t mode = flags & O_CREAT ? va_arg(more, mode_t) : 0; \
        va_end(more);                                   \
        int fd = NEXT(name)(path, flags, mode);         \
        if (fd >= 0 && flags & O_CREAT)                 \
            note('c', path, 0, NULL, 0);                \
        return fd;                                      \
    }
OPEN(open)
OPEN(open64)

#define PWRITE(name)                                                     \
    ssize_t name(int fd, const void *data, size_t bytes, __off64_t offset) \
    {                                                                    \
        ssize_t written = NEXT(name)(fd, data, bytes, offset);           \
        if (written > 0)                                                 \
            note_fd('w', fd, offset, data, written);                     \
        return written;                                                  \
    }
PWRITE(pwrite)
PWRITE(pwrite64)

ssize_t write(int fd, const void *data, size_t bytes)
{
    ssize_t written = NEXT(write)(fd, data, bytes);
    if (written > 0)
        note_fd('w', fd, lseek(fd, 0, SEEK_CUR) - written, data, written);
    return written;
}

#define TRUNCATE(name)                          \
    int name(int fd, __off64_t bytes)           \
    {                                           \
        int failed = NEXT(name)(fd, bytes);     \
        if (!failed)                            \
            note_fd('t', fd, bytes, NULL, 0);   \
        return failed;                          \
    }
TRUNCATE(ftruncate)
TRUNCATE(ftruncate64)

#define SYNC(name)                          \
    int name(int fd)                        \
    {                                       \
        int failed = NEXT(name)(fd);        \
        if (!failed)                        \
            note_fd('s', fd, 0, NULL, 0);   \
        return failed;                      \
    }
SYNC(fsync)
SYNC(fdatasync)

int unlink(const char *path)
{
    int failed = NEXT(unlink)(path);
    if (!failed)
        note('u', path, 0, NULL, 0);
    return failed;
}
