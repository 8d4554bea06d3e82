namespace Headwater.Lab.Catalogue;

/// <summary>What many who ask do to those who write.</summary>
static class LoadScenarios
{
    public static readonly Scenario Analysts = new()
    {
        Name = "analysts",
        Seconds = 21,
        Title = new("Analysts slow down writers", "분석 쿼리가 쓰기를 느리게 한다"),
        Question = new("Why does everybody wait when somebody makes a report?", "누군가 보고서를 뽑으면 왜 모두가 기다려야 할까?"),
        Anomaly = new("time within which half of the writes end", "쓰기의 절반이 끝나는 시간"),
        Without = new("one server answers writers and analysts", "서버 하나가 쓰기와 분석을 모두 처리함"),
        With = new("the analysts' address leads to a replica", "분석가용 주소는 복제본으로 이어짐"),
        Explanation =
        [
            new("A report reads every row there is, and while it does it takes the processor and the memory that each small write needs too.",
                "보고서는 모든 행을 읽고, 그동안 작은 쓰기에도 필요한 프로세서와 메모리를 차지합니다."),
            new("On one server a write queues behind sixteen analysts, and its time is many times what it was in the first second and a half.",
                "서버가 하나면 쓰기는 분석가 열여섯 명 뒤에 줄을 서게 되고, 처음 1.5초 동안보다 몇 배나 오래 걸립니다."),
            new("A replica has the same rows a moment later, which is soon enough for a report.",
                "복제본에는 같은 행이 조금 뒤에 도착하는데, 보고서에는 그 정도면 충분합니다."),
            new("Headwater gives the analysts an address of their own, bound to the tag of one replica, so their SQL does not have to know and no other reader meets them.",
                "Headwater는 분석가에게 복제본 하나의 태그에 묶인 별도 주소를 주므로, 그들의 SQL은 아무것도 몰라도 되고 다른 독자와 부딪히지도 않습니다."),
            new("Here each server has a processor of its own, as a machine of its own has; replicas that share one machine's processors cannot take load off each other.",
                "여기서는 서버마다 따로 기계를 둔 것처럼 프로세서를 하나씩 나누어 주었으며, 한 기계의 프로세서를 함께 쓰는 복제본은 서로의 부하를 덜어 줄 수 없습니다."),
        ],
        Demand = Demand.AtMost(0.5, "ms", 100),
    };
}
