# Where OpenCL's headers are: its devices, and the kernel's text as an array of C.

if HAVE_OPENCL
libwork_la_SOURCES += \
	%D%/device_opencl.c %D%/device_opencl.h \
	%D%/opencl_api.c %D%/opencl_api.h \
	%D%/opencl_cache.c %D%/opencl_cache.h \
	%D%/opencl_list.c %D%/opencl_list.h \
	%D%/opencl_probe.c %D%/opencl_probe.h \
	%D%/opencl_program.c %D%/opencl_program.h \
	%D%/opencl_session.c %D%/opencl_session.h
nodist_libwork_la_SOURCES = %D%/nonce_scan_source.c
endif

%D%/nonce_scan_source.c: %D%/nonce_scan.cl %D%/embed.awk
	$(AM_V_GEN)$(MKDIR_P) %D% && LC_ALL=C $(AWK) -v name=opencl_program_source \
	-v header=work/opencl/opencl_program.h -f $(srcdir)/%D%/embed.awk $(srcdir)/%D%/nonce_scan.cl >$@.new && \
	mv $@.new $@
CLEANFILES += %D%/nonce_scan_source.c %D%/nonce_scan_source.c.new
EXTRA_DIST += %D%/embed.awk %D%/nonce_scan.cl
EXTRA_DIST += %D%/README.md %D%/may_include
