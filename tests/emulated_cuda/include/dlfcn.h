/* dlfcn.h: a stand-in for the libraries that the plug-in opens at run time, NVML and NCCL, so that none of this machine's
 * takes part; see cuda_runtime.h. */
#ifndef FLOPCAST_EMULATED_DLFCN_H
#define FLOPCAST_EMULATED_DLFCN_H

#define RTLD_NOW 2
#define RTLD_LOCAL 0

#define dlopen fc_emulated_dlopen
#define dlsym fc_emulated_dlsym
#define dlclose fc_emulated_dlclose
#define dlerror fc_emulated_dlerror

void *dlopen(const char *name, int flags);
void *dlsym(void *library, const char *name);
int dlclose(void *library);
const char *dlerror();

#endif
