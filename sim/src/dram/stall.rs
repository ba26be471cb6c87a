//! Why a data bus is idle.
//!
//! Idle ticks end with the data of a request, and are told by what that request waited for: ticks in which it was not
//! offered or not admitted first, then waits that bound the rate (spacing, turnaround, refresh, activations, row
//! conflicts), then the opening of its row, which the data of other requests can hide.

designs::keyed! {
    /// Use of a data bus.
    enum Stall;
    /// Ticks of each use.
    struct PerStall;
    /// Data are moved.
    Data => data, "data";
    /// No request was there, or the last one is on its way.
    NoRequest => no_request, "no request";
    /// The request waited outside, because its queue was full.
    QueueFull => queue_full, "queue full";
    /// All banks of the pseudo-channel are closed for refresh, or refreshed.
    Refresh => refresh, "refresh";
    /// The bank had another row or was being closed: tRAS, tRTP, tWR, tRP, tRC.
    Precharge => precharge, "precharge";
    /// Activations were too close: tRRD, tFAW.
    ActivateWindow => activate_window, "activate window";
    /// The row was being opened: tRCD.
    Activate => activate, "activate";
    /// Column commands of one bank group, or of two stack IDs: tCCD_L, tCCD_R.
    SameBankGroup => same_bank_group, "same bank group";
    /// The bus changed between reads and writes: tRTW, tWTR.
    Turnaround => turnaround, "turnaround";
    /// Others went first: older requests, the other direction, the command buses.
    Scheduling => scheduling, "scheduling";
}
