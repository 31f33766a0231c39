// The client in Go, on one thread as the others are: client PORT COUNT.
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"runtime"
	"strconv"
	"sync"
	"syscall"
	"time"
)

const concurrency = 200

func cpu() float64 {
	var usage syscall.Rusage
	syscall.Getrusage(0, &usage)
	seconds := usage.Utime.Sec + usage.Stime.Sec
	return float64(seconds)*1e6 + float64(usage.Utime.Usec+usage.Stime.Usec)
}

func main() {
	runtime.GOMAXPROCS(1)
	base := "http://127.0.0.1:" + os.Args[1]
	count, _ := strconv.Atoi(os.Args[2])
	client := &http.Client{Transport: &http.Transport{
		MaxIdleConns:        concurrency,
		MaxIdleConnsPerHost: concurrency,
		MaxConnsPerHost:     concurrency,
	}}
	getAll := func(n int) {
		numbers := make(chan int)
		var workers sync.WaitGroup
		for k := 0; k < concurrency; k++ {
			workers.Add(1)
			go func() {
				defer workers.Done()
				for i := range numbers {
					response, err := client.Get(fmt.Sprintf("%s/%d", base, i))
					if err != nil {
						panic(err)
					}
					body, err := io.ReadAll(response.Body)
					response.Body.Close()
					if err != nil || len(body) != 1024 {
						panic("wrong body")
					}
				}
			}()
		}
		for i := 0; i < n; i++ {
			numbers <- i
		}
		close(numbers)
		workers.Wait()
	}
	getAll(2 * concurrency)
	before, start := cpu(), time.Now()
	getAll(count)
	wall := float64(time.Since(start).Microseconds()) / 1000
	line, _ := json.Marshal(map[string]float64{"wall": wall, "cpu": (cpu() - before) / float64(count)})
	fmt.Println(string(line))
}
