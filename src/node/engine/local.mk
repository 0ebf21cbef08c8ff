libnode_la_SOURCES += \
	%D%/device_log.c %D%/device_log.h \
	%D%/engine.c %D%/engine.h \
	%D%/gpu.h \
	%D%/scanner_choice.c %D%/scanner_choice.h
if HAVE_OPENCL
libnode_la_SOURCES += %D%/gpu.c
else
libnode_la_SOURCES += %D%/gpu_none.c
endif
EXTRA_DIST += %D%/README.md %D%/may_include
