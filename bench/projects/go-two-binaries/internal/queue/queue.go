// Package queue holds orders until a worker takes them.
package queue

import "sync"

// Queue is safe for use by several goroutines; the zero value is empty.
type Queue struct {
	mu     sync.Mutex
	orders []string
}

// Put adds an order at the end.
func (q *Queue) Put(order string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.orders = append(q.orders, order)
}

// Take removes the oldest order; ok is false if there is none.
func (q *Queue) Take() (order string, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.orders) == 0 {
		return "", false
	}
	order, q.orders = q.orders[0], q.orders[1:]
	return order, true
}
