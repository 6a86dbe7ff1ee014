internal import Glibc

/// A lock whose holder can wait for another thread to change what the lock guards.
///
/// The standard library's `Mutex` cannot be waited on, so this is a mutex and a condition variable of the operating
/// system. Timed waits follow the monotonic clock: setting the wall clock neither shortens nor prolongs them. Both
/// structs sit at fixed addresses, because the kernel identifies them by address.
@safe
final class ConditionLock:
    @unchecked Sendable /* both pointers are constant, and what they point to is made for sharing */
{
    private let mutex: UnsafeMutablePointer<pthread_mutex_t>
    private let condition: UnsafeMutablePointer<pthread_cond_t>

    init() {
        unsafe self.mutex = .allocate(capacity: 1)
        unsafe self.mutex.initialize(to: pthread_mutex_t())
        unsafe pthread_mutex_init(self.mutex, nil)

        var attributes = pthread_condattr_t()
        unsafe pthread_condattr_init(&attributes)
        unsafe pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
        unsafe self.condition = .allocate(capacity: 1)
        unsafe self.condition.initialize(to: pthread_cond_t())
        unsafe pthread_cond_init(self.condition, &attributes)
        unsafe pthread_condattr_destroy(&attributes)
    }

    deinit {
        unsafe pthread_cond_destroy(self.condition)
        unsafe self.condition.deallocate()
        unsafe pthread_mutex_destroy(self.mutex)
        unsafe self.mutex.deallocate()
    }

    /// Calls a closure while this thread, and no other, holds the lock.
    func withLock<Result, Failure: Error>(_ body: () throws(Failure) -> Result) throws(Failure) -> Result {
        unsafe pthread_mutex_lock(self.mutex)
        defer { unsafe pthread_mutex_unlock(self.mutex) }
        return try body()
    }

    /// Gives the lock up until another thread wakes this one, then takes it again.
    ///
    /// May also return for no reason, so the caller checks what it waits for in a loop.
    ///
    /// - Parameter deadline: When to give up, or `nil` to wait for as long as it takes.
    /// - Returns: `false` where the deadline has passed.
    /// - Precondition: The caller holds the lock.
    func wait(until deadline: MonotonicDeadline?) -> Bool {
        guard var time = deadline?.time else {
            return unsafe pthread_cond_wait(self.condition, self.mutex) == 0
        }
        return unsafe pthread_cond_timedwait(self.condition, self.mutex, &time) != ETIMEDOUT
    }

    /// Wakes one waiting thread, where there is one.
    func wakeOne() {
        unsafe pthread_cond_signal(self.condition)
    }

    /// Wakes every waiting thread.
    func wakeAll() {
        unsafe pthread_cond_broadcast(self.condition)
    }
}

/// A point on the monotonic clock.
struct MonotonicDeadline {
    /// The point as the operating system writes it.
    let time: timespec

    /// The point that lies `timeout` after now.
    ///
    /// A negative timeout counts as zero, and one of more than thirty years as thirty years.
    init(after timeout: Duration) {
        let (seconds, attoseconds) = min(max(timeout, .zero), .seconds(1_000_000_000)).components
        var time = timespec()
        unsafe clock_gettime(CLOCK_MONOTONIC, &time)
        time.tv_sec += Int(seconds)
        time.tv_nsec += Int(attoseconds / 1_000_000_000)
        if time.tv_nsec >= 1_000_000_000 {
            time.tv_sec += 1
            time.tv_nsec -= 1_000_000_000
        }
        self.time = time
    }
}
