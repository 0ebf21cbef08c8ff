libnode_la_SOURCES += \
	%D%/confinement.h \
	%D%/data_path.c %D%/data_path.h \
	%D%/listening.c %D%/listening.h \
	%D%/notify.c %D%/notify.h \
	%D%/pid_file.c %D%/pid_file.h \
	%D%/privileges.c %D%/privileges.h
if HAVE_SECCOMP
libnode_la_SOURCES += %D%/confinement.c
else
libnode_la_SOURCES += %D%/confinement_none.c
endif
EXTRA_DIST += %D%/README.md %D%/may_include
