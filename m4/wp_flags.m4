# WP_COMPILE_FLAGS(VARIABLE, LANGUAGE, FLAGS): sets and substitutes VARIABLE to those FLAGS that the
# LANGUAGE's compiler takes without complaint.
AC_DEFUN([WP_COMPILE_FLAGS],[
  AC_LANG_PUSH([$2])
  $1=
  for wp_flag in $3; do
    AC_MSG_CHECKING([whether the _AC_LANG compiler takes $wp_flag])
    wp_saved="$_AC_LANG_PREFIX[]FLAGS"
    _AC_LANG_PREFIX[]FLAGS="$wp_saved -Werror $wp_flag"
    AC_COMPILE_IFELSE([AC_LANG_PROGRAM([],[])],
      [AC_MSG_RESULT([yes]); $1="$$1 $wp_flag"],
      [AC_MSG_RESULT([no])])
    _AC_LANG_PREFIX[]FLAGS="$wp_saved"
  done
  AC_SUBST([$1])
  AC_LANG_POP([$2])
])

# WP_LINK_FLAGS(VARIABLE, FLAGS): the same for what the linker takes.
AC_DEFUN([WP_LINK_FLAGS],[
  $1=
  for wp_flag in $2; do
    AC_MSG_CHECKING([whether the linker takes $wp_flag])
    wp_saved="$LDFLAGS"
    LDFLAGS="$wp_saved -Werror $wp_flag"
    AC_LINK_IFELSE([AC_LANG_PROGRAM([],[])],
      [AC_MSG_RESULT([yes]); $1="$$1 $wp_flag"],
      [AC_MSG_RESULT([no])])
    LDFLAGS="$wp_saved"
  done
  AC_SUBST([$1])
])

# WP_REQUIRE_LINK(FLAGS, MESSAGE): stops with MESSAGE when a program cannot be linked with FLAGS.
AC_DEFUN([WP_REQUIRE_LINK],[
  wp_saved="$LDFLAGS"
  LDFLAGS="$wp_saved $1"
  AC_LINK_IFELSE([AC_LANG_PROGRAM([],[])],[],[AC_MSG_ERROR([$2])])
  LDFLAGS="$wp_saved"
])
