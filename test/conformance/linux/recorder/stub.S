# The recorded program: one page of position-independent entry points, each ending in `int3`, which hands control back to the
# supervisor (tracee.py). Arguments are set in the registers; nothing here uses the stack or any memory of its own.
# tracee.py wraps these bytes into an ELF file and finds the entry points by the table at the end.
        .text
start:  int3
call:   syscall
        int3
load1:  movzbl (%rdi),%eax
        int3
load2:  movzwl (%rdi),%eax
        int3
load4:  movl (%rdi),%eax
        int3
load8:  movq (%rdi),%rax
        int3
store1: movb %sil,(%rdi)
        int3
store2: movw %si,(%rdi)
        int3
store4: movl %esi,(%rdi)
        int3
store8: movq %rsi,(%rdi)
        int3
rmw:    lock addb %sil,(%rdi)
        int3
jump:   jmp *%rdi
settle: movb $0,(%rdi)                  # a forked child maps its scratch pages again (they are not copied)
        addq $4096,%rdi
        decq %rsi
        jnz settle
        int3
handler:
        int3                            # rsi = siginfo, rdx = ucontext; never returns: the supervisor sets all registers anew
restorer:
        int3
        .section .table,"a"
        .macro entry name
        .asciz "\name"
        .byte \name - start
        .endm
        entry start
        entry call
        entry load1
        entry load2
        entry load4
        entry load8
        entry store1
        entry store2
        entry store4
        entry store8
        entry rmw
        entry jump
        entry settle
        entry handler
        entry restorer
