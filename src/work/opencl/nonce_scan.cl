/*
 * The nonce scanner for OpenCL devices: what scan_rounds.h is for CPUs, in OpenCL C 1.2.
 *
 * Everything that does not depend on the nonce comes by value, so that a device keeps it where
 * arguments are cheap; the items read no memory, and write only for a hit. An item takes the
 * nonces first + id, first + id + items, and so on below first + count, up to its own first hit.
 *
 * Of all hits of a launch the lowest is the answer, whatever the items' order: atomic_min sees to
 * that. `*found` is the hit's distance from `first`; the host sets it to 0xffffffff beforehand.
 *
 * The host defines ROTATES_AMD or ROTATES_NVIDIA for devices whose compilers do not find their own
 * instructions for 64-bit rotates, and neither when the build with them fails. (high, low) stands
 * for a 64-bit word; a rotate makes two halves, each from both.
 */

#if defined(ROTATES_AMD)

#pragma OPENCL EXTENSION cl_amd_media_ops : enable

/* The lower half of (high, low) shifted right by n, 1 to 31. */
#ifndef FUNNEL
#define FUNNEL(high, low, n) amd_bitalign (high, low, n)
#endif
#define BYTES_2(high, low) FUNNEL (high, low, 16u)
#define BYTES_3(high, low) FUNNEL (high, low, 24u)

#elif defined(ROTATES_NVIDIA)

#ifndef FUNNEL
static uint
funnel (uint high, uint low, uint n)
{
    uint result;

    asm("shf.r.wrap.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(low), "r"(high), "r"(n));
    return result;
}

/* Four of the bytes of (high, low), 0 the lowest; the selector's lowest digit names the lowest. */
static uint
permute (uint high, uint low, uint selector)
{
    uint result;

    asm("prmt.b32 %0, %1, %2, %3;" : "=r"(result) : "r"(low), "r"(high), "r"(selector));
    return result;
}

#define FUNNEL(high, low, n) funnel (high, low, n)
#define PERMUTE(high, low, selector) permute (high, low, selector)
#endif
#define BYTES_2(high, low) PERMUTE (high, low, 0x5432u)
#define BYTES_3(high, low) PERMUTE (high, low, 0x6543u)

#endif

/* Rotates to the right. By 32 is a change of names. */

static ulong
rotate_32 (ulong x)
{
    return as_ulong (as_uint2 (x).yx);
}

#if defined(ROTATES_AMD) || defined(ROTATES_NVIDIA)

static ulong
rotate_24 (ulong x)
{
    const uint2 pair = as_uint2 (x);

    return as_ulong ((uint2) (BYTES_3 (pair.y, pair.x), BYTES_3 (pair.x, pair.y)));
}

static ulong
rotate_16 (ulong x)
{
    const uint2 pair = as_uint2 (x);

    return as_ulong ((uint2) (BYTES_2 (pair.y, pair.x), BYTES_2 (pair.x, pair.y)));
}

/* By 31 with the halves exchanged. */
static ulong
rotate_63 (ulong x)
{
    const uint2 pair = as_uint2 (x);

    return as_ulong ((uint2) (FUNNEL (pair.x, pair.y, 31u), FUNNEL (pair.y, pair.x, 31u)));
}

#else

static ulong
rotate_24 (ulong x)
{
    return rotate (x, 40UL);
}

static ulong
rotate_16 (ulong x)
{
    return rotate (x, 48UL);
}

static ulong
rotate_63 (ulong x)
{
    return rotate (x, 1UL);
}

#endif

/* RFC 7693's function G, and its second half, which also ends a first half worked out before. */

#define MIX_END(a, b, c, d, y)  \
    c += d;                     \
    b = rotate_24 (b ^ c);      \
    a = a + (y) + b;            \
    d = rotate_16 (d ^ a);      \
    c += d;                     \
    b = rotate_63 (b ^ c);

#define MIX(a, b, c, d, x, y)   \
    a = a + (x) + b;            \
    d = rotate_32 (d ^ a);      \
    MIX_END (a, b, c, d, y)

/* A round; its sixteen words in the order that the round takes them. */
#define ROUND(w0, w1, w2, w3, w4, w5, w6, w7, w8, w9, w10, w11, w12, w13, w14, w15) \
    MIX (v0, v4, v8, v12, w0, w1)                                                   \
    MIX (v1, v5, v9, v13, w2, w3)                                                   \
    MIX (v2, v6, v10, v14, w4, w5)                                                  \
    MIX (v3, v7, v11, v15, w6, w7)                                                  \
    MIX (v0, v5, v10, v15, w8, w9)                                                  \
    MIX (v1, v6, v11, v12, w10, w11)                                                \
    MIX (v2, v7, v8, v13, w12, w13)                                                 \
    MIX (v3, v4, v9, v14, w14, w15)

/* Message words: the nonce, the root's four, and zero for the other eleven. */
#define N nonce
#define A root.s0
#define B root.s1
#define C root.s2
#define D root.s3
#define O 0UL

/* v[0] ^ v[8] after all twelve rounds, from struct scan_midstate's `v`: see scan.h. */
static ulong
hash_from_midstate (ulong16 v, ulong4 root, ulong nonce)
{
    ulong v0 = v.s0, v1 = v.s1, v2 = v.s2, v3 = v.s3;
    ulong v4 = v.s4, v5 = v.s5, v6 = v.s6, v7 = v.s7;
    ulong v8 = v.s8, v9 = v.s9, v10 = v.sa, v11 = v.sb;
    ulong v12 = v.sc, v13 = v.sd, v14 = v.se, v15 = v.sf;

    /* What is left of round 1. */
    v0 += nonce;
    v12 = rotate_32 (v12 ^ v0);
    MIX_END (v0, v4, v8, v12, A)
    MIX (v0, v5, v10, v15, O, O)
    v12 = rotate_32 (v12 ^ v1);
    MIX_END (v1, v6, v11, v12, O)
    MIX_END (v2, v7, v8, v13, O)
    MIX (v3, v4, v9, v14, O, O)

    ROUND (O, O, D, O, O, O, O, O, A, O, N, B, O, O, O, C)
    ROUND (O, O, O, N, O, B, O, O, O, O, C, O, O, A, O, D)
    ROUND (O, O, C, A, O, O, O, O, B, O, O, O, D, N, O, O)
    ROUND (O, N, O, O, B, D, O, O, O, A, O, O, O, O, C, O)
    ROUND (B, O, O, O, N, O, O, C, D, O, O, O, O, O, A, O)
    ROUND (O, O, A, O, O, O, D, O, N, O, O, C, O, B, O, O)
    ROUND (O, O, O, O, O, A, C, O, O, N, O, D, O, O, B, O)
    ROUND (O, O, O, O, O, C, N, O, O, B, O, O, A, D, O, O)
    ROUND (O, B, O, D, O, O, A, O, O, O, O, O, C, O, O, N)
    ROUND (N, A, B, C, D, O, O, O, O, O, O, O, O, O, O, O)

    /* Of the last round only two diagonals reach v[0] and v[8]. */
    MIX (v0, v4, v8, v12, O, O)
    MIX (v1, v5, v9, v13, D, O)
    MIX (v2, v6, v10, v14, O, O)
    MIX (v3, v7, v11, v15, O, O)
    MIX (v0, v5, v10, v15, A, O)
    MIX (v2, v7, v8, v13, O, O)
    return v0 ^ v8;
}

__kernel void
nonce_scan (const ulong16 v, const ulong4 root, const ulong flip, const ulong at_least,
            const ulong first, const uint count, __global volatile uint *found)
{
    const uint items = (uint)get_global_size (0);

    for (uint offset = (uint)get_global_id (0); offset < count; offset += items) {
        if ((hash_from_midstate (v, root, first + offset) ^ flip) >= at_least) {
            (void)atomic_min (found, offset);
            break;
        }
    }
}
