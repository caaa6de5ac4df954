// Package comm lets ranks talk: functions that run at once, know each other by number, and send each other values.
package comm
